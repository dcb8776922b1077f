import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  // Relative links: a proxy may serve the page below any path.
  base: './',
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    // MapLibre alone is larger than the default limit; it is fetched after the first paint.
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // Its helper for late imports would else be put into deck, which the first paint would then wait for.
            { name: 'preload', test: /vite\/preload-helper/, priority: 1 },
            { name: 'maplibre', test: /node_modules\/(maplibre-gl|@maplibre)\// },
            { name: 'deck', test: /node_modules\/(@deck\.gl|@luma\.gl|@math\.gl|@loaders\.gl|@probe\.gl)\// },
          ],
        },
      },
    },
  },
});
