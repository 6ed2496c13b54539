/** Whose a layout or a rotation is: its owner changes it, the roles it is shared with use it, for everybody else it is not there. */
import { AppError } from '../../base/errors.ts'
import type { User } from '../../base/routes.ts'
import type { Asker, Owned } from './store.ts'

/** What the rules must know of who asks. */
export type WallUser = Pick<User, 'userId' | 'account' | 'role' | 'stationIds'>

export const mayUse = ({ ownerId, sharedWith }: Pick<Owned, 'ownerId' | 'sharedWith'>, { userId, role }: Asker): boolean =>
  ownerId === userId || sharedWith.includes(role)

/** Told whom a change concerns: pages of others hear nothing. */
export type TellChanged = (mayHear: (asker: Asker) => boolean) => void

/** Tells those who may use it as it is now, and as it was before. */
export function tellUsersOf(tell: TellChanged, ...states: readonly Pick<Owned, 'ownerId' | 'sharedWith'>[]): void {
  tell((asker) => states.some((state) => mayUse(state, asker)))
}

/** The same, for its owner. Throws `not_found` where it is not there for this user, `forbidden` where he may only use it. */
export function ownedBy<T extends Owned>(found: T | undefined, user: WallUser, what: 'layout' | 'rotation'): T {
  if (!found || !mayUse(found, user)) throw new AppError('not_found', `no such ${what}`)
  if (found.ownerId !== user.userId) throw new AppError('forbidden', `the ${what} of ${found.owner}: only its owner changes it`)
  return found
}

/** What the server sets. */
export const ownedReply = ({ ownerId, owner, sharedWith, updatedAt }: Owned, { userId }: WallUser) => ({
  isMine: ownerId === userId,
  owner,
  sharedWith,
  updatedAt,
})
