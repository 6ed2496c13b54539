/** Starts GStreamer's RTSP server (Debian: python3-gi gir1.2-gst-rtsp-server-1.0 and the plugins), for tests. */
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('rtsp-server.py', import.meta.url))
/** Debian's own Python is the one that has `gi`. */
const PYTHON = '/usr/bin/python3'

export type GstreamerOptions = { mounts: Record<string, string>; protocol: 'tcp' | 'udp'; username?: string; password?: string }
export type GstreamerServer = { port: number; close(): Promise<void> }

/** Why GStreamer's server cannot be used here; `undefined` when it can. Says so loudly, once. */
export function findGstreamerProblem(): string | undefined {
  const check = spawnSync(PYTHON, ['-c', 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer'], {
    encoding: 'utf8',
  })
  if (check.status === 0) return undefined
  console.warn(
    'SKIPPED: GStreamer RTSP server is missing (apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad)',
  )
  return check.stderr || String(check.error)
}

export async function openGstreamerServer(options: GstreamerOptions): Promise<GstreamerServer> {
  const child = spawn(PYTHON, [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).once('line', (line) => resolve(Number(line)))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`GStreamer RTSP server exited with ${code}`)))
  })
  return {
    port,
    async close() {
      child.kill()
      await exited
    },
  }
}
