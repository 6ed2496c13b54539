/** Keys of the playback page (design.md section 7). A focused button keeps Space for itself. */
import { isButtonReached, useShortcuts } from '../../base/shortcuts.ts'
import type { JumpTarget } from './jumps.ts'
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
  toggleSound(): void
  zoom(factor: number): void
  toNewest(): void
  mark(): void
  jump(target: JumpTarget): void
  /** Only for who may download. */
  select?: { setIn(): void; setOut(): void; toggle(): void }
}

export function usePlaybackKeys(actions: PlaybackActions): void {
  const { togglePlay, step, skip, speed, setSpeed, fullscreen, snapshot, toggleSound, zoom, mark, jump, select } = actions
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
    { keys: 'm', label: 'playback.keys.mark', run: mark },
    { keys: 'n', label: 'playback.jump.nextMark', run: () => jump('nextMark') },
    { keys: 'b', label: 'playback.jump.previousMark', run: () => jump('previousMark') },
    { keys: 'e', label: 'playback.jump.gapEnd', run: () => jump('gapEnd') },
    { keys: 'x', label: 'playback.jump.fault', run: () => jump('fault') },
    ...(select
      ? [{ keys: 'i', label: 'playback.keys.in', run: select.setIn } as const, { keys: 'o', label: 'playback.keys.out', run: select.setOut } as const]
      : []),
    { keys: 'f', label: 'live.fullscreen', run: fullscreen },
    { keys: 's', label: 'live.snapshot', run: snapshot },
    { keys: 'v', label: 'live.soundOn', run: toggleSound },
    { keys: '+', label: 'playback.zoomIn', run: () => zoom(0.5) },
    { keys: '=', run: () => zoom(0.5) },
    { keys: '-', label: 'playback.zoomOut', run: () => zoom(2) },
  ])
}
