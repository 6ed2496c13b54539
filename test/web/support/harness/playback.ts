/** The playback page by itself: looked at in screenshots and by the browser tests. `playback.html?theme=light&locale=en#/playback?cameras=…`. */
import { NConfigProvider } from 'naive-ui'
import { h } from 'vue'
import { createRouter, createWebHashHistory, RouterView } from 'vue-router'
import { baseTheme, createThemeOverrides } from '../../../../web/base/naive-theme.ts'
import { playbackRoutes } from '../../../../web/features/playback/routes.ts'
import { createHarnessApp, makeCamera, readWish } from './page.ts'

const { wish, theme } = readWish()

const names = [
  '澄桥路口-03',
  '晴波大道-06',
  '石渡街-07',
  '望桥小区南门',
  '北亭桥东',
  '中和街市场-01',
  '东霁商城北门',
  '柳溪里小巷-04',
  '云澜苑东门',
  '临河商城西门',
]
const cameras = names.map((name, index) => makeCamera(`cam${index + 1}`, name))

createHarnessApp(
  cameras,
  wish.get('right') === 'none'
    ? ['camera.see']
    : wish.get('right') === 'look'
      ? ['camera.see', 'camera.live', 'camera.playback']
      : ['camera.see', 'camera.live', 'camera.playback', 'camera.download'],
  () => () =>
    h(NConfigProvider, { abstract: true, theme: baseTheme[theme], themeOverrides: createThemeOverrides(theme) }, () =>
      h('main', { style: 'position:fixed;inset:0;display:flex' }, h(RouterView)),
    ),
)
  .use(
    createRouter({
      history: createWebHashHistory(),
      routes: [...playbackRoutes.map((route) => ({ ...route, path: '/playback' })), { path: '/map', name: 'map', component: { render: () => null } }],
    }),
  )
  .mount('#app')
