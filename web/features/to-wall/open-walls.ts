/**
 * Which walls have a window of their own on this screen, remembered over a power cut (R-WALL-1): a browser opens no window by itself, so the numbers are offered
 * with one button. A window that is closed by hand is forgotten by whoever is still there to see it gone; when all go at once nobody is.
 */
import { computed, type ComputedRef, onScopeDispose, ref } from 'vue'
import { usePreference } from '../../base/preference.ts'
import { answerWithinMs } from './wall-channel.ts'
import { type WallNumber, wallNumbers } from './wall-memory.ts'
import { useWalls } from './walls.ts'

const lookEveryMs = 2_000
/** A reload takes some seconds; a machine that shuts down closes its windows one after another. */
const goneAfterMs = 10_000

const remembered = usePreference<readonly WallNumber[]>(
  'walls.open',
  () => [],
  (kept) => Array.isArray(kept) && kept.every((wall) => (wallNumbers as readonly unknown[]).includes(wall)),
  { isPersonal: true },
)

/** A window shows this wall from now on. Wall 1 is the page itself and comes back with it. */
export function noteOpenWall(wall: WallNumber): void {
  if (wall === 1) return
  remembered.reread()
  keep([...remembered.value.value, wall])
}

/** Opens a wall's window; false: the browser did not allow it. It opens on the same screen: who drives it pulls it over once, and the browser keeps its place. */
export function openWallWindow(wall: WallNumber): boolean {
  return window.open(`/wall?window=${wall}`, `mapwall-wall-${wall}`, `popup,width=${screen.availWidth},height=${screen.availHeight}`) !== null
}

export function useOpenWalls(): {
  /** Had a window when this screen was last used, and have none now. */
  missing: ComputedRef<readonly WallNumber[]>
  /** Opens their windows, as many as the browser allows at one click. */
  reopen(): void
  /** They are not wanted any more. */
  forget(): void
} {
  const { others } = useWalls()
  const lastSeenMs = new Map<WallNumber, number>()
  const startedMs = performance.now()
  const present = ref<readonly WallNumber[]>([])
  const isAsked = ref(false)
  const timer = setInterval(look, lookEveryMs)
  onScopeDispose(() => clearInterval(timer))

  const missing = computed(() => (isAsked.value ? remembered.value.value.filter((wall) => !present.value.includes(wall) && !lastSeenMs.has(wall)) : []))

  return {
    missing,
    reopen() {
      for (const wall of missing.value) if (openWallWindow(wall)) lastSeenMs.set(wall, performance.now())
      present.value = [...present.value] // those that were opened are missing no more
    },
    forget: () => keep(remembered.value.value.filter((wall) => !missing.value.includes(wall))),
  }

  function look() {
    const nowMs = performance.now()
    const here = others.value.map(({ wall }) => wall).filter((wall) => wall !== 1)
    for (const wall of here) lastSeenMs.set(wall, nowMs)
    remembered.reread()
    const gone = [...lastSeenMs].flatMap(([wall, atMs]) => (nowMs - atMs > goneAfterMs ? [wall] : []))
    for (const wall of gone) lastSeenMs.delete(wall)
    keep([...remembered.value.value.filter((wall) => !gone.includes(wall)), ...here])
    present.value = here
    isAsked.value ||= nowMs - startedMs > answerWithinMs
  }
}

function keep(walls: readonly WallNumber[]): void {
  const next = wallNumbers.filter((wall) => walls.includes(wall))
  if (JSON.stringify(next) !== JSON.stringify(remembered.value.value)) remembered.set(next)
}
