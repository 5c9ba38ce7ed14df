import { defineConfig } from 'vite'
import vue from '@vitejs/plugin-vue'

// Two entries share one build and one copy of MapLibre: the app (index.html) and the small map of the
// HTML pages under /ogc, whose file names are stable because those pages name them.
export default defineConfig({
  base: '/',
  plugins: [vue()],
  build: {
    target: 'chrome94',
    cssTarget: 'chrome94',
    outDir: 'dist',
    emptyOutDir: true, // public/.gitkeep comes back with every build
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1300,
    rollupOptions: {
      input: { index: 'index.html', minimap: 'src/minimap/minimap.ts' },
      output: {
        entryFileNames: (c) => (c.name === 'minimap' ? 'assets/minimap.js' : 'assets/[name]-[hash].js'),
        assetFileNames: (a) => (a.names.includes('minimap.css') ? 'assets/minimap.css' : 'assets/[name]-[hash][extname]'),
        codeSplitting: {
          groups: [
            { name: 'maplibre', test: /node_modules[\\/](maplibre-gl|@maplibre|@mapbox)/ },
            { name: 'vue', test: /node_modules[\\/]@?vue[\\/]/ },
          ],
        },
      },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/tiles': 'http://127.0.0.1:8080', '/ogc': 'http://127.0.0.1:8080' } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
} as Parameters<typeof defineConfig>[0])
