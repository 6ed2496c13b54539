/** What concerns one user alone, told to each of their pages: as it is when the page comes, and again once it is different. */
import { pushPermission, type PushMessage } from '../contract/push.ts'
import type { Log } from './log.ts'
import type { User } from './routes.ts'

/** Without a number: a page that missed one hears what is true when it comes back. */
export type OwnMessage = Extract<PushMessage, { topic: 'exports' }>

export type OwnNewsDeps<Page> = {
  log: Log
  /** As it is now. */
  read(user: User): Promise<OwnMessage>
  send(page: Page, text: string): void
}

export function createOwnNews<Page extends { user: User }>({ log, read, send }: OwnNewsDeps<Page>) {
  const told = new WeakMap<Page, string>()
  /** One round after the other: what was read later is sent later. */
  let tail: Promise<void> = Promise.resolve()
  let isRoundWaiting = false
  let hasFailed = false

  async function tellEach(pages: readonly Page[]): Promise<void> {
    const texts = new Map<string, string>()
    for (const page of pages) {
      const { userId } = page.user
      try {
        const text = texts.get(userId) ?? JSON.stringify(await read(page.user))
        texts.set(userId, text)
        if (told.get(page) === text) continue
        told.set(page, text)
        send(page, text)
      } catch (problem) {
        hasFailed = true
        log.warn({ userId, problem }, 'a page was not told what concerns its user; it is with the next heartbeat')
      }
    }
  }

  const hearers = (pages: Iterable<Page>) => [...pages].filter(({ user }) => mayHear(user, 'exports'))

  function tellAll(pages: Iterable<Page>) {
    if (isRoundWaiting) return
    isRoundWaiting = true
    tail = tail.then(() => {
      isRoundWaiting = false
      return tellEach(hearers(pages))
    })
  }

  return {
    /** To a page that just came. */
    tell(page: Page) {
      const [hearer] = hearers([page])
      if (hearer) tail = tail.then(() => tellEach([hearer]))
    },
    /** Something changed for somebody. `pages` are gone through when it is their turn. */
    tellAll,
    /** Once more what could not be read. */
    retry(pages: Iterable<Page>) {
      if (!hasFailed) return
      hasFailed = false
      tellAll(pages)
    },
  }
}

/** What is asked for a topic, of a user who is signed in. */
export function mayHear({ permissions }: User, topic: PushMessage['topic']): boolean {
  const asked = pushPermission[topic]
  return asked === 'signedIn' || asked === 'public' || permissions.includes(asked)
}
