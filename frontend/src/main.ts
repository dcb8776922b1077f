import { mount } from 'svelte';
import App from './App.svelte';
import { debug } from './lib/app/debug.ts';
import { AppState } from './lib/app/app-state.svelte.ts';
import './style.css';

const app = new AppState();
window.reprise = debug(app);
const target = document.getElementById('page') as HTMLElement;
target.replaceChildren();
mount(App, { target, props: { app } });
