/** The simulator's control port: JSON over HTTP on loopback, for people with curl and for end-to-end tests. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { z } from 'zod'
import type { FaultScript } from './fault-script.ts'
import { faults, type Simulator } from './simulator.ts'

const MAX_BODY_BYTES = 256 * 1024

const FaultsBody = z.object({ cameraIds: z.array(z.string()).min(1), fault: z.enum(faults) })
const SwitchesBody = z.object({ switchName: z.string(), isDown: z.boolean() })
const ScriptBody = z.object({ running: z.boolean() })

export type ControlPort = { port: number; close(): Promise<void> }

class RefusedError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export async function openControlPort({ simulator, script, port = 0 }: { simulator: Simulator; script: FaultScript; port?: number }): Promise<ControlPort> {
  const known = new Set(simulator.cameras.map(({ cameraId }) => cameraId))

  function checkKnown(cameraIds: readonly string[]) {
    const unknown = cameraIds.find((cameraId) => !known.has(cameraId))
    if (unknown !== undefined) throw new RefusedError(404, `no simulated camera ${unknown}`)
  }

  async function answer(request: IncomingMessage): Promise<unknown> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    switch (`${request.method} ${url.pathname}`) {
      case 'GET /cameras':
        return { cameras: simulator.cameras }
      case 'GET /faults':
        return { faults: Object.fromEntries([...simulator.faults()].filter(([, fault]) => fault !== 'none')) }
      case 'GET /stats': {
        const cameraId = url.searchParams.get('cameraId')
        if (cameraId === null) return simulator.totals()
        checkKnown([cameraId])
        return simulator.stats(cameraId)
      }
      case 'POST /faults': {
        const { cameraIds, fault } = FaultsBody.parse(await readJson(request))
        checkKnown(cameraIds)
        simulator.setFault(cameraIds, fault)
        return { cameraIds, fault }
      }
      case 'POST /switches': {
        const { switchName, isDown } = SwitchesBody.parse(await readJson(request))
        return { switchName, isDown, cameraIds: simulator.setSwitchFault(switchName, isDown) }
      }
      case 'GET /script':
        return { running: script.isRunning(), seed: script.seed }
      case 'POST /script': {
        const { running } = ScriptBody.parse(await readJson(request))
        if (running) script.start()
        else script.stop()
        return { running: script.isRunning(), seed: script.seed }
      }
      default:
        throw new RefusedError(404, 'GET /cameras /faults /stats /script, POST /faults /switches /script')
    }
  }

  const server: Server = createServer((request, response) => {
    void answer(request)
      .then(
        (reply) => ({ status: 200, reply }),
        (error: unknown) => ({
          status: error instanceof RefusedError ? error.status : error instanceof z.ZodError ? 400 : 500,
          reply: { error: error instanceof Error ? error.message : String(error) },
        }),
      )
      .then(({ status, reply }) => {
        response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
        response.end(`${JSON.stringify(reply)}\n`)
      })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    async close() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Only `application/json`: a web page in a browser of this machine cannot send that here without being asked first. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!request.headers['content-type']?.startsWith('application/json')) throw new RefusedError(415, 'content-type must be application/json')
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new RefusedError(413, 'body too large')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch (error) {
    throw new RefusedError(400, `not JSON: ${String(error)}`)
  }
}
