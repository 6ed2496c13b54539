/** Keyboard shortcuts: single keys and two keys in turn (`g m`). Never while somebody is typing. */
import { onScopeDispose, shallowReactive } from 'vue'
import type { MessageKey } from './i18n.ts'

/** A key as `KeyboardEvent.key`, lower case, the space bar `space`, arrows with Shift `shift+arrowleft`; two separated by a space are pressed one after the other. */
export type Shortcut = {
  keys: string
  /** What it does, for the overview; undefined leaves it out of the overview. */
  label?: MessageKey
  /** Answers false when it had nothing to do, and the next one is asked. */
  run(): boolean | void
}

const sequenceMs = 1500
const shortcuts = shallowReactive<Shortcut[]>([])
let pending = ''
let pendingAtMs = 0
let isListening = false

/** Registers shortcuts as long as the component lives. The latest registered is asked first. */
export function useShortcuts(own: readonly Shortcut[]): void {
  listen()
  shortcuts.push(...own)
  onScopeDispose(() => {
    for (const shortcut of own) shortcuts.splice(shortcuts.indexOf(shortcut), 1)
  })
}

/** Every shortcut that has a label, for the overview. */
export function listShortcuts(): readonly Shortcut[] {
  return shortcuts.filter((shortcut) => shortcut.label !== undefined)
}

/** Is the key press meant for a field? */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable ||
    target.tagName === 'TEXTAREA' ||
    target.tagName === 'SELECT' ||
    (target.tagName === 'INPUT' && !['checkbox', 'radio', 'range', 'button'].includes((target as HTMLInputElement).type))
  )
}

/** Somebody walks through the buttons with Tab: Space and Enter press the one that is marked, and mean nothing else. */
export function isButtonReached(): boolean {
  const focused = document.activeElement
  return focused instanceof HTMLButtonElement && focused.matches(':focus-visible')
}

function listen(): void {
  if (isListening) return
  isListening = true
  window.addEventListener('keydown', onKeydown)
}

function nameOf({ key, shiftKey }: KeyboardEvent): string {
  if (key === ' ') return 'space'
  const name = key.toLowerCase()
  return shiftKey && name.startsWith('arrow') ? `shift+${name}` : name
}

function onKeydown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return
  const key = nameOf(event)
  const now = performance.now()
  const first = now - pendingAtMs <= sequenceMs ? pending : ''
  pending = ''
  for (const keys of first === '' ? [key] : [`${first} ${key}`, key]) {
    for (const shortcut of shortcuts.toReversed()) {
      if (shortcut.keys !== keys || shortcut.run() === false) continue
      event.preventDefault()
      return
    }
  }
  if (shortcuts.some((shortcut) => shortcut.keys.startsWith(`${key} `))) {
    pending = key
    pendingAtMs = now
  }
}
