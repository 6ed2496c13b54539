/** Keys of the wall (design.md section 7): digits choose a tile, two within a moment one above 9. */
import { isButtonReached, type Shortcut, useShortcuts } from '../../base/shortcuts.ts'
import type { Direction } from './geometry.ts'

const secondDigitMs = 700

export type WallActions = {
  /** A dialog stands over the wall: its keys are its own. */
  isCovered(): boolean
  tiles(): number
  focus(tile: number): void
  move(direction: Direction): void
  /** Enlarges the chosen tile, or back. */
  enlarge(): boolean | void
  /** The rotation stands, or goes on. */
  toggleRotation(): boolean | void
  nextStep(): boolean | void
  back(): boolean | void
  clear(): boolean | void
  fullscreen(): void
  snapshot(): boolean | void
  playback(): boolean | void
  drawer(): void
}

/** Answers the tile (from 0) that is meant, or undefined: there is none of that number. */
export function createDigits(tiles: () => number, nowMs: () => number = () => performance.now()) {
  let first = 0
  let firstAtMs = Number.NEGATIVE_INFINITY
  return function press(digit: number): number | undefined {
    const isSecond = first > 0 && nowMs() - firstAtMs <= secondDigitMs
    const both = first * 10 + digit
    if (isSecond && both <= tiles()) {
      first = 0
      return both - 1
    }
    first = digit
    firstAtMs = nowMs()
    return digit >= 1 && digit <= tiles() ? digit - 1 : undefined
  }
}

/** A tile is chosen, not pressed. */
const isOtherButtonReached = () => isButtonReached() && (document.activeElement as HTMLElement).dataset['tile'] === undefined

export function useWallKeys(actions: WallActions): void {
  const digits = createDigits(actions.tiles)
  const press = (digit: number) => {
    const tile = digits(digit)
    if (tile === undefined) return false
    actions.focus(tile)
    return true
  }
  const keys: Shortcut[] = [
    ...Array.from({ length: 10 }, (_, digit) => ({ keys: String(digit), ...(digit === 1 && { label: 'wall.keys.digits' as const }), run: () => press(digit) })),
    { keys: 'arrowleft', label: 'wall.keys.move', run: () => actions.move('left') },
    { keys: 'arrowright', run: () => actions.move('right') },
    { keys: 'arrowup', run: () => actions.move('up') },
    { keys: 'arrowdown', run: () => actions.move('down') },
    { keys: 'enter', label: 'wall.keys.enlarge', run: () => (isOtherButtonReached() ? false : actions.enlarge()) },
    { keys: 'space', label: 'wall.keys.rotation', run: () => (isOtherButtonReached() ? false : actions.toggleRotation()) },
    { keys: 'n', label: 'wall.rotation.step', run: actions.nextStep },
    { keys: 'delete', label: 'live.remove', run: actions.clear },
    { keys: 'backspace', run: actions.clear },
    { keys: 's', label: 'live.snapshot', run: actions.snapshot },
    { keys: 'p', label: 'live.playback', run: actions.playback },
    { keys: 't', label: 'wall.drawer', run: actions.drawer },
    { keys: 'f', label: 'live.fullscreen', run: actions.fullscreen },
    { keys: 'escape', label: 'shell.keys.back', run: actions.back },
  ]
  useShortcuts(keys.map((each) => ({ ...each, run: () => (actions.isCovered() ? false : each.run()) })))
}
