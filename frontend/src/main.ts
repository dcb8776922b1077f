import { mount } from 'svelte';
import App from './App.svelte';
import { debug } from './lib/live/debug.ts';
import { Reprise } from './lib/live/reprise.svelte.ts';
import './style.css';

const app = new Reprise();
window.reprise = debug(app);
const target = document.getElementById('page') as HTMLElement;
target.replaceChildren();
mount(App, { target, props: { app } });
