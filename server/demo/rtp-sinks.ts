/** The two ways of RTP out of a camera: interleaved with RTSP on TCP, or in UDP datagrams from one port pair shared by all cameras. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { INTERLEAVED_HEADER_BYTES } from './packetize.ts'
import type { RtpSink } from './rtp-track.ts'
import type { Wheel } from './wheel.ts'

/** A receiver this far behind gets nothing until a key frame after it has caught up. */
export const MAX_UNSENT_BYTES = 2 * 1024 * 1024

export const createTcpSink = (socket: Socket): RtpSink => ({
  sendUnit: (unit) => void socket.write(unit),
  sendReport: (report) => void socket.write(report),
})

export type UdpPair = {
  rtpPort: number
  send(packet: Uint8Array, port: number, address: string): void
  sendReport(report: Uint8Array, port: number, address: string): void
  /** Calls `listener` with the sender's port for each packet on the RTCP port: a sign of life. */
  onReceiverReport(listener: (port: number) => void): void
  close(): Promise<void>
}

/** RTP on an even port, RTCP on the next (RFC 3550 §11). */
export async function openUdpPair(host: string): Promise<UdpPair> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const rtp = await bindUdp(0, host)
    const rtpPort = rtp.address().port
    const rtcp = rtpPort % 2 === 0 ? await bindUdp(rtpPort + 1, host).catch(() => undefined) : undefined
    if (!rtcp) {
      rtp.close()
      continue
    }
    // A receiver that has gone answers with ICMP; its session ends by itself.
    rtp.on('error', () => {})
    rtcp.on('error', () => {})
    let isClosed = false
    return {
      rtpPort,
      send: (packet, port, address) => void (isClosed || rtp.send(packet, port, address, () => {})),
      sendReport: (report, port, address) => void (isClosed || rtcp.send(report, port, address, () => {})),
      onReceiverReport: (listener) => void rtcp.on('message', (_message, from) => listener(from.port)),
      async close() {
        if (isClosed) return
        isClosed = true
        await Promise.all([rtp, rtcp].map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))))
      },
    }
  }
  throw new Error(`no free pair of UDP ports on ${host}`)
}

async function bindUdp(port: number, host: string): Promise<UdpSocket> {
  const socket = createSocket({ type: 'udp4', sendBufferSize: 1024 * 1024 })
  socket.bind(port, host)
  await once(socket, 'listening')
  return socket
}

/** So many datagrams at once; the rest a few milliseconds later. A whole key frame in one burst overruns common receive buffers. */
const BURST_PACKETS = 24
const BURST_EVERY_MS = 5

export function createUdpSink(options: {
  pair: UdpPair
  wheel: Wheel
  clock: Clock
  address: string
  rtpPort: number
  rtcpPort: number
  isLost(): boolean
  isEnded(): boolean
}): RtpSink {
  const { pair, wheel, clock, address, rtpPort, rtcpPort, isLost, isEnded } = options
  let waiting: Uint8Array[] = []
  let isPumping = false

  function pump() {
    isPumping = false
    if (isEnded()) return
    for (const packet of waiting.slice(0, BURST_PACKETS)) if (!isLost()) pair.send(packet, rtpPort, address)
    waiting = waiting.slice(BURST_PACKETS)
    if (waiting.length === 0) return
    isPumping = true
    wheel.add(clock.monotonicMs() + BURST_EVERY_MS, pump)
  }

  return {
    sendUnit(unit, packetAt) {
      for (let i = 0; i + 1 < packetAt.length; i++) waiting.push(unit.subarray(packetAt[i]! + INTERLEAVED_HEADER_BYTES, packetAt[i + 1]))
      if (!isPumping) pump()
    },
    sendReport: (report) => pair.sendReport(report.subarray(INTERLEAVED_HEADER_BYTES), rtcpPort, address),
  }
}
