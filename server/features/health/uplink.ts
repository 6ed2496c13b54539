/** Is our own way to the cameras open? A TCP connection to a gateway of ours answers that (N3); without one nothing is assumed. */
import { connect } from 'node:net'
import type { Clock } from '../../base/clock.ts'

const CONNECT_TIMEOUT_MS = 2_000
/** One answer serves every question asked within this time. */
const FRESH_MS = 1_000

export type Uplink = {
  address: string
  /** Asks the gateway; questions at the same moment share one connection. */
  isUp(): Promise<boolean>
}

/** `address` is `host:port`. A refused connection still proves the way there. */
export function createUplink({
  address,
  clock,
  canReach = canReachByTcp,
}: {
  address: string
  clock: Clock
  canReach?: (address: string) => Promise<boolean>
}): Uplink {
  let latest: { askedMs: number; answer: Promise<boolean> } | undefined
  return {
    address,
    isUp() {
      const nowMs = clock.monotonicMs()
      if (!latest || nowMs - latest.askedMs > FRESH_MS) latest = { askedMs: nowMs, answer: canReach(address) }
      return latest.answer
    },
  }
}

function canReachByTcp(address: string): Promise<boolean> {
  const cut = address.lastIndexOf(':')
  return new Promise((resolve) => {
    const socket = connect({ host: address.slice(0, cut), port: Number(address.slice(cut + 1)), timeout: CONNECT_TIMEOUT_MS })
    const end = (isUp: boolean) => {
      socket.destroy()
      resolve(isUp)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', (problem: NodeJS.ErrnoException) => end(problem.code === 'ECONNREFUSED'))
  })
}
