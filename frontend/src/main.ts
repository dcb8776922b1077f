import { mount } from 'svelte';
import App from './App.svelte';
import { AppState } from './lib/app/app-state.svelte.ts';
import { debug } from './lib/app/debug.ts';
import { route } from './lib/ui/route.svelte.ts';
import { pages } from './pages/registry.ts';
import './style.css';

route.start(pages);
const app = new AppState();
window.reprise = debug(app);
const target = document.getElementById('page') as HTMLElement;
target.replaceChildren();
mount(App, { target, props: { app } });
