import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

/** Where `npm run dev` finds the control process. */
const control = process.env['MAPWALL_CONTROL_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: 'web',
  publicDir: '../public',
  plugins: [vue()],
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2022',
    // the map, the player and the shell are cut at their lazy imports; bigger chunks are looked at by `npm run bench`
    chunkSizeWarningLimit: 900,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      // Host stays the page's own (the short form would change it): the gate compares it with Origin
      '/api': { target: control },
      '/push': { target: control, ws: true },
      '/media': { target: control, ws: true },
    },
  },
})
