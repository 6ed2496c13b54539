import { afterEach, describe, expect, test, vi } from 'vitest'
import { effectScope } from 'vue'
import { useShortcuts } from '../../../web/base/shortcuts.ts'

const scopes: ReturnType<typeof effectScope>[] = []
const use = (...args: Parameters<typeof useShortcuts>) => {
  const scope = effectScope()
  scope.run(() => useShortcuts(...args))
  scopes.push(scope)
  return scope
}
const press = (key: string, target: EventTarget = document.body, more: KeyboardEventInit = {}) => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  target.dispatchEvent(event)
  return event
}

afterEach(() => {
  for (const scope of scopes.splice(0)) scope.stop()
  vi.useRealTimers()
})

describe('keyboard shortcuts', () => {
  test('one key, and two in turn', () => {
    const [search, map] = [vi.fn(), vi.fn()]
    use([
      { keys: '/', run: search },
      { keys: 'g m', run: map },
    ])
    expect(press('/').defaultPrevented).toBe(true)
    press('G')
    press('m')
    expect([search.mock.calls.length, map.mock.calls.length]).toEqual([1, 1])
    press('m')
    expect(map).toHaveBeenCalledOnce()
  })

  test('the second key comes too late', () => {
    vi.useFakeTimers()
    const map = vi.fn()
    use([{ keys: 'g m', run: map }])
    press('g')
    vi.advanceTimersByTime(2000)
    press('m')
    expect(map).not.toHaveBeenCalled()
  })

  test('never while typing, nor with Ctrl, nor inside an input method', () => {
    const search = vi.fn()
    use([{ keys: '/', run: search }])
    const input = document.createElement('input')
    document.body.append(input)
    press('/', input)
    press('/', document.body, { ctrlKey: true })
    press('/', document.body, { isComposing: true })
    input.remove()
    expect(search).not.toHaveBeenCalled()
  })

  test('the latest is asked first and may pass it on; an ended component is not asked', () => {
    const [below, above] = [vi.fn(), vi.fn((): boolean => false)]
    use([{ keys: 'escape', run: below }])
    const scope = use([{ keys: 'escape', run: above }])
    press('Escape')
    expect([above.mock.calls.length, below.mock.calls.length]).toEqual([1, 1])
    scope.stop()
    press('Escape')
    expect([above.mock.calls.length, below.mock.calls.length]).toEqual([1, 2])
  })
})
