/** Keys of the playback page (design.md section 7). A focused button keeps Space for itself. */
import { useShortcuts } from '../../base/shortcuts.ts'
import { type PlaybackSpeed, speeds } from './query.ts'

/** What the keys and the buttons of the page do. */
export type PlaybackActions = {
  togglePlay(): void
  step(direction: 1 | -1): void
  skip(ms: number): void
  speed(): PlaybackSpeed
  setSpeed(speed: PlaybackSpeed): void
  fullscreen(): void
  snapshot(): void
  zoom(factor: number): void
  toNewest(): void
}

/** Somebody walks through the buttons with Tab: Space presses the one that is marked. */
function isButtonReached(): boolean {
  const focused = document.activeElement
  return focused instanceof HTMLButtonElement && focused.matches(':focus-visible')
}

export function usePlaybackKeys({ togglePlay, step, skip, speed, setSpeed, fullscreen, snapshot, zoom }: PlaybackActions): void {
  const changeSpeed = (by: 1 | -1) => {
    const next = speeds[speeds.indexOf(speed()) + by]
    if (next !== undefined) setSpeed(next)
  }
  useShortcuts([
    { keys: 'space', label: 'playback.keys.play', run: () => (isButtonReached() ? false : togglePlay()) },
    { keys: 'arrowleft', label: 'playback.keys.back', run: () => step(-1) },
    { keys: 'arrowright', label: 'playback.keys.on', run: () => step(1) },
    { keys: 'shift+arrowleft', label: 'playback.keys.back10', run: () => skip(-10_000) },
    { keys: 'shift+arrowright', label: 'playback.keys.on10', run: () => skip(10_000) },
    { keys: '[', label: 'playback.slower', run: () => changeSpeed(-1) },
    { keys: ']', label: 'playback.faster', run: () => changeSpeed(1) },
    { keys: 'f', label: 'live.fullscreen', run: fullscreen },
    { keys: 's', label: 'live.snapshot', run: snapshot },
    { keys: '+', label: 'playback.zoomIn', run: () => zoom(0.5) },
    { keys: '=', run: () => zoom(0.5) },
    { keys: '-', label: 'playback.zoomOut', run: () => zoom(2) },
  ])
}
