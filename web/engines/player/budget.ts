/** Who plays now, and whether one more may: a browser decodes so many pictures and no more. The wall sets the limit it has measured. */
import type { Profile } from '../../../server/contract/ids.ts'

export type OpenPicture = { readonly profile: Profile }
export type PlaceLease = { setProfile(profile: Profile): void; release(): void }
/** May one more be opened beside these? */
export type LimitHook = (open: readonly OpenPicture[], wanted: OpenPicture) => boolean

export function createPlayerBudget(limit: LimitHook) {
  let hook = limit
  const open = new Set<{ profile: Profile }>()
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
    take(profile: Profile): PlaceLease | undefined {
      if (!hook([...open], { profile })) return undefined
      const picture = { profile }
      open.add(picture)
      changed()
      return {
        setProfile(wanted) {
          picture.profile = wanted
          changed()
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
export const playerBudget = createPlayerBudget((open) => open.length < usualLimit)
