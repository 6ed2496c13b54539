/** Screens that stay for weeks: rail, strip and ticker move by one pixel every ten minutes, round a square, so that nothing burns in. */
import { onScopeDispose } from 'vue'

const steps = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const
const everyMs = 10 * 60_000

export function usePixelShift(root: HTMLElement = document.documentElement): void {
  let step = 0
  const timer = setInterval(() => {
    step = (step + 1) % steps.length
    const [x, y] = steps[step] ?? [0, 0]
    root.style.setProperty('--shift', `${x}px ${y}px`)
  }, everyMs)
  onScopeDispose(() => clearInterval(timer))
}
