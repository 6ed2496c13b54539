import { afterEach, describe, expect, test, vi } from 'vitest'
import { layoutFor } from '../../../web/base/layout.ts'
import { setPreferenceAccount } from '../../../web/base/preference.ts'
import { applyTheme, color, mapColor, useTheme } from '../../../web/base/theme.ts'
import { nextTick } from 'vue'

const { name, setTheme, scale, setScale } = useTheme()

afterEach(() => {
  vi.restoreAllMocks()
  setPreferenceAccount('')
  localStorage.clear()
})

/** What the browser says it prefers. */
function prefer(scheme: 'dark' | 'light') {
  vi.spyOn(window, 'matchMedia').mockImplementation((query) => ({ matches: query === `(prefers-color-scheme: ${scheme})` }) as MediaQueryList)
}

/** WCAG 2.2 relative luminance and contrast. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [r = 0, g = 0, blue = 0] = [1, 3, 5]
      .map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue
  }
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

describe('the tokens', () => {
  test.each(['dark', 'light'] as const)('every text and state reaches 4.5:1 on every ground (%s)', (theme) => {
    const tokens = color[theme]
    for (const ink of ['text1', 'text2', 'text3', 'accent', 'online', 'degraded', 'offline', 'unknown', 'suspended', 'gap'] as const)
      for (const ground of ['canvas', 'surface', 'raised', 'field'] as const)
        expect(contrast(tokens[ink], tokens[ground]), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5)
  })

  test('reach the page as custom properties and follow the theme', async () => {
    const root = document.createElement('div')
    setTheme('dark')
    applyTheme(root)
    expect(root.style.getPropertyValue('--line-strong')).toBe(color.dark.lineStrong)
    setTheme('light')
    await nextTick()
    expect([root.dataset['theme'], root.style.getPropertyValue('--text1'), root.style.getPropertyValue('--map-water-edge')]).toEqual([
      'light',
      color.light.text1,
      mapColor.light.waterEdge,
    ])
    setTheme('dark')
  })
})

describe('looks are kept per account and per screen', () => {
  test('each account has its own; a new one begins with what the screen had last', () => {
    setPreferenceAccount('a')
    setTheme('light')
    setPreferenceAccount('b')
    expect(name.value).toBe('light')
    setTheme('dark')
    setPreferenceAccount('a')
    expect(name.value).toBe('light')
    setTheme('dark')
  })

  test('until somebody chooses, the browser decides; a choice is stronger', () => {
    prefer('light')
    setPreferenceAccount('d')
    expect(name.value).toBe('light')
    setTheme('dark')
    setPreferenceAccount('')
    expect(name.value).toBe('dark')
  })

  test('what does not belong in the storage is not believed', () => {
    prefer('dark')
    localStorage.setItem('mapwall:c:theme', '"pink"')
    localStorage.setItem('mapwall:c:scale', '900')
    setPreferenceAccount('c')
    expect([name.value, scale.value]).toEqual(['dark', 1])
  })

  test('the size stays between 80 and 200 %', () => {
    setScale(9)
    expect(scale.value).toBe(2)
    setScale(0.1)
    expect(scale.value).toBe(0.8)
    setScale(1)
  })
})

describe('layouts', () => {
  test.each([
    { width: 390, scale: 1, layout: 'phone' },
    { width: 1366, scale: 1, layout: 'compact' },
    { width: 1920, scale: 1, layout: 'full' },
    { width: 3840, scale: 2, layout: 'full' },
    { width: 1920, scale: 2, layout: 'compact' },
  ])('$width at $scale is $layout', ({ width, scale: factor, layout }) => expect(layoutFor(width, factor)).toBe(layout))
})
