/**
 * Design tokens of MapWall: the only place where a colour is written, and which theme this screen shows.
 * Every text and state colour reaches WCAG AA (4.5:1) on `canvas`, `surface`, `raised` and `field` of its theme;
 * `control` (input borders) and map symbols reach 3:1. The duty room runs `dark`, offices may choose `light`.
 */
import { computed, type ComputedRef, type Ref, watchEffect } from 'vue'
import { usePreference } from './preference.ts'

export type ThemeName = 'dark' | 'light'

export const color = {
  dark: {
    // surfaces, from back to front
    canvas: '#0A0D12',
    surface: '#10151C',
    raised: '#161D26',
    field: '#1C2530',
    active: '#24344A',
    line: '#222C38',
    lineStrong: '#33404F',
    control: '#69778A',
    text1: '#E8EDF3',
    text2: '#A9B4C1',
    text3: '#909DAC',
    textOff: '#566272',
    // the one accent: what can be done, what is chosen. Never a state
    accent: '#79AEFF',
    primary: '#2B68DE',
    primaryHover: '#3570E4',
    primaryPressed: '#2259C4',
    onPrimary: '#FFFFFF',
    // states: text, icons, map symbols
    online: '#45B98A',
    degraded: '#F2B140',
    offline: '#FF6B66',
    unknown: '#A5B0C2',
    suspended: '#8AA6E0',
    gap: '#C99CFF',
    // the same as solid fill under white text (badges that must be loud)
    offlineFill: '#CF3339',
    degradedFill: '#8F5B00',
    scrim: 'rgba(4, 7, 11, .62)',
    shadow: '0 8px 28px rgba(0, 0, 0, .48)',
  },
  light: {
    canvas: '#EDF0F3',
    surface: '#FFFFFF',
    raised: '#FFFFFF',
    field: '#F3F5F7',
    active: '#DFEAFB',
    line: '#DFE4E9',
    lineStrong: '#C5CDD6',
    control: '#7A8491',
    text1: '#15202B',
    text2: '#435060',
    text3: '#5A6675',
    textOff: '#9AA4B0',
    accent: '#1B5BCB',
    primary: '#1F5FD6',
    primaryHover: '#2F70E8',
    primaryPressed: '#184EB5',
    onPrimary: '#FFFFFF',
    online: '#126C47',
    degraded: '#8C5200',
    offline: '#BF2129',
    unknown: '#566273',
    suspended: '#3B5A9E',
    gap: '#7638B0',
    offlineFill: '#C4262E',
    degradedFill: '#8F5B00',
    scrim: 'rgba(20, 28, 38, .38)',
    shadow: '0 6px 24px rgba(22, 34, 51, .16)',
  },
} as const

/** Cartography of the vector base map. Symbols above it use the state colours. */
export const mapColor = {
  dark: {
    outside: '#0A0D12',
    land: '#121820',
    block: '#171E28',
    green: '#12211D',
    water: '#0D2435',
    waterEdge: '#153247',
    express: '#3B4859',
    arterial: '#2C3744',
    secondary: '#232D38',
    lane: '#1C242E',
    casing: '#0D1218',
    rail: '#303B48',
    outline: '#7F95B5',
    jurisdiction: '#50617A',
    labelRoad: '#95A2B2',
    labelWater: '#5D8FB4',
    labelStation: '#C6D0DC',
    halo: '#0E131A',
  },
  light: {
    outside: '#E3E7EA',
    land: '#F4F5F3',
    block: '#EBEDEA',
    green: '#DCE9D8',
    water: '#C6DDED',
    waterEdge: '#AECCE1',
    express: '#F6E3B4',
    arterial: '#FFFFFF',
    secondary: '#FFFFFF',
    lane: '#FDFDFC',
    casing: '#D3D8DC',
    rail: '#B9C0C7',
    outline: '#4E678C',
    jurisdiction: '#8696AC',
    labelRoad: '#5B6672',
    labelWater: '#2F628C',
    labelStation: '#26323F',
    halo: '#FFFFFF',
  },
} as const

export const fontFamily = '"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
export const fontFamilyMono = '"Cascadia Mono", Consolas, Menlo, "Noto Sans Mono CJK SC", monospace'

export type Color = { readonly [K in keyof (typeof color)['dark']]: string }
export type MapColor = { readonly [K in keyof (typeof mapColor)['dark']]: string }

/** Bounds of the size setting; 1 is a desk at arm's length. */
export const minScale = 0.8
export const maxScale = 2

const themeName = usePreference<ThemeName>(
  'theme',
  () => (window.matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark'),
  (value) => value === 'dark' || value === 'light',
)
const scale = usePreference<number>('scale', screenScale, (value) => typeof value === 'number' && value >= minScale && value <= maxScale)

/** The theme (until somebody chooses: what the browser prefers) and size of this screen, kept per account. Setting one repaints everything. */
export function useTheme(): {
  name: Readonly<Ref<ThemeName>>
  color: ComputedRef<Color>
  mapColor: ComputedRef<MapColor>
  setTheme(name: ThemeName): void
  scale: Readonly<Ref<number>>
  setScale(scale: number): void
} {
  return {
    name: themeName.value,
    color: computed(() => color[themeName.value.value]),
    mapColor: computed(() => mapColor[themeName.value.value]),
    setTheme: themeName.set,
    scale: scale.value,
    setScale: (value) => scale.set(Math.min(maxScale, Math.max(minScale, value))),
  }
}

/** A wall of 3840 px driven at device pixel ratio 1 is looked at from metres away. */
function screenScale(): number {
  if (window.devicePixelRatio >= 1.5) return 1
  return window.screen.width >= 3840 ? 2 : window.screen.width >= 2560 ? 1.25 : 1
}

/** Keeps `:root` in step: `--text1`, `--line-strong`, `--map-land` …, `--scale`, and `data-theme`. Called once by `main.ts`. */
export function applyTheme(root: HTMLElement = document.documentElement): void {
  watchEffect(() => {
    const name = themeName.value.value
    root.dataset['theme'] = name
    root.style.colorScheme = name
    for (const [token, value] of Object.entries(color[name])) root.style.setProperty(`--${kebab(token)}`, value)
    for (const [token, value] of Object.entries(mapColor[name])) root.style.setProperty(`--map-${kebab(token)}`, value)
    root.style.setProperty('--tint', name === 'dark' ? '13%' : '8%')
    root.style.setProperty('--scale', String(scale.value.value))
    root.style.setProperty('--font', fontFamily)
    root.style.setProperty('--font-mono', fontFamilyMono)
  })
}

function kebab(token: string): string {
  return token.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
