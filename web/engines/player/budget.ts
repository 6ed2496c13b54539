/** Who plays now, and whether one more may: a browser decodes so many pictures and no more. The wall sets the limit it has measured. */
import type { Profile } from '../../../server/contract/ids.ts'

/** `isWaiting`: opened for later, it stands with its first picture and costs next to nothing. */
export type OpenPicture = { readonly profile: Profile; readonly isWaiting: boolean }
export type PlaceLease = { setProfile(profile: Profile): void; setWaiting(isWaiting: boolean): void; release(): void }
/** May one more be opened beside these? */
export type LimitHook = (open: readonly OpenPicture[], wanted: OpenPicture) => boolean

export function createPlayerBudget(limit: LimitHook) {
  let hook = limit
  const open = new Set<{ profile: Profile; isWaiting: boolean }>()
  const listeners = new Set<() => void>()
  const changed = () => listeners.forEach((listener) => listener())

  return {
    /** Replaces the limit; those who wait are told. */
    setLimit(next: LimitHook) {
      hook = next
      changed()
    },
    open: (): readonly OpenPicture[] => [...open],
    /** A place, or undefined when there is none. */
    take(profile: Profile, isWaiting = false): PlaceLease | undefined {
      const picture = { profile, isWaiting }
      if (!hook([...open], picture)) return undefined
      open.add(picture) // nobody is told: there is less room than before
      return {
        setProfile(wanted) {
          picture.profile = wanted
          changed()
        },
        /** Never refused: the picture it takes the place of goes at the same moment. */
        setWaiting(isLater) {
          picture.isWaiting = isLater
          if (isLater) changed()
        },
        release() {
          if (open.delete(picture)) changed()
        },
      }
    },
    /** Called when a place may have become free. Answers the end of listening. */
    onChange(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
export type PlayerBudget = ReturnType<typeof createPlayerBudget>

/** Measured on two cores with software decoding: 16 sub streams run at full rate, 25 do not. */
export const usualLimit = 16
export const usualHook: LimitHook = (open) => open.filter(({ isWaiting }) => !isWaiting).length < usualLimit
export const playerBudget = createPlayerBudget(usualHook)
