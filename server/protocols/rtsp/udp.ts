/** The UDP sockets of one track: RTP on an even port, RTCP on the next (RFC 3550 §11). */
import { type Socket, createSocket } from 'node:dgram'
import { JitterBuffer } from '../rtp/jitter-buffer.ts'
import { serializeReceiverReport } from '../rtp/rtcp.ts'
import { RtspFailure } from './failure.ts'
import type { UdpPair } from './session.ts'

const BIND_ATTEMPTS = 20
/** Key frames come as bursts of hundreds of packets. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024
/** An empty RTP packet, to open the way through firewalls. */
const RTP_HELLO = Buffer.from('800000000000000000000000', 'hex')

export type UdpHandler = { onRtp(packet: Uint8Array, nowMs: number): void; onRtcp(packet: Uint8Array): void }

/** `localAddress` is our end of the RTSP connection; only packets of `cameraAddress` are taken. */
export async function openUdpPair(
  { localAddress, cameraAddress, nowMs }: { localAddress: string; cameraAddress: string; nowMs: () => number },
  handler: UdpHandler,
): Promise<UdpPair & { close(): void }> {
  const { rtp, rtcp, rtpPort } = await bindPair(localAddress)
  const jitter = new JitterBuffer((packet) => handler.onRtp(packet, nowMs()))
  const ourSsrc = Math.floor(Math.random() * 0xffffffff)
  let rtcpPort: number | undefined
  let isClosed = false
  rtp.on('message', (packet, from) => {
    if (!isClosed && from.address === cameraAddress) jitter.push(packet, nowMs())
  })
  rtcp.on('message', (packet, from) => {
    if (!isClosed && from.address === cameraAddress) handler.onRtcp(packet)
  })
  // ICMP "port unreachable" and the like: the silence they lead to is watched by the session.
  rtp.on('error', () => undefined)
  rtcp.on('error', () => undefined)

  return {
    rtpPort,
    connect(serverRtpPort, serverRtcpPort) {
      rtcpPort = serverRtcpPort
      if (serverRtpPort) send(rtp, RTP_HELLO, serverRtpPort)
      if (rtcpPort) send(rtcp, serializeReceiverReport(ourSsrc, undefined), rtcpPort)
    },
    sendReport(report) {
      jitter.expire(nowMs())
      if (rtcpPort) send(rtcp, serializeReceiverReport(ourSsrc, report), rtcpPort)
    },
    close() {
      if (isClosed) return
      isClosed = true
      rtp.close()
      rtcp.close()
    },
  }

  function send(socket: Socket, packet: Uint8Array, port: number): void {
    if (!isClosed) socket.send(packet, port, cameraAddress, () => undefined)
  }
}

async function bindPair(address: string): Promise<{ rtp: Socket; rtcp: Socket; rtpPort: number }> {
  for (let attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
    const first = await bind(address, 0)
    if (!first) continue
    const port = first.address().port
    const second = await bind(address, port % 2 === 0 ? port + 1 : port - 1)
    if (second) return port % 2 === 0 ? { rtp: first, rtcp: second, rtpPort: port } : { rtp: second, rtcp: first, rtpPort: port - 1 }
    first.close()
  }
  throw new RtspFailure('unreachable', 'no free pair of UDP ports')
}

function bind(address: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES })
    socket.once('error', () => {
      socket.close()
      resolve(undefined)
    })
    socket.bind(port, address, () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}
