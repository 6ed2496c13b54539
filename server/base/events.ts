/** News between modules of one process, typed by name. A feature declares its own map; `app.ts` makes one `Events` of all of them. */
import type { Log } from './log.ts'

export type Events<EventMap> = {
  /** Answers a function that ends the listening. */
  on<Name extends keyof EventMap>(name: Name, listener: (event: EventMap[Name]) => void): () => void
  /** Calls every listener now, in order. One that throws is logged and does not keep the others from hearing. */
  emit<Name extends keyof EventMap>(name: Name, event: EventMap[Name]): void
}

export function createEvents<EventMap>(log: Log): Events<EventMap> {
  const listeners = new Map<keyof EventMap, Set<(event: never) => void>>()
  return {
    on(name, listener) {
      const named = listeners.get(name) ?? new Set()
      listeners.set(name, named)
      named.add(listener)
      return () => void named.delete(listener)
    },
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          listener(event as never)
        } catch (problem) {
          log.error({ event: String(name), problem }, 'a listener failed')
        }
      }
    },
  }
}
