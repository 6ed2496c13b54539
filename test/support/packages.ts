/** The Debian packages the tests want as real peers: RTSP servers and clients, a browser, a database. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const debianPackages = [
  { name: 'chromium', proof: '/usr/bin/chromium' },
  { name: 'fonts-noto-cjk', proof: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc' },
  { name: 'ffmpeg', proof: '/usr/bin/ffmpeg' },
  { name: 'postgresql', proof: '/usr/lib/postgresql' },
  { name: 'python3-gi', proof: '/usr/lib/python3/dist-packages/gi' },
  { name: 'gir1.2-gst-rtsp-server-1.0', proof: '/usr/lib/x86_64-linux-gnu/girepository-1.0/GstRtspServer-1.0.typelib' },
  { name: 'gstreamer1.0-tools', proof: '/usr/bin/gst-launch-1.0' },
  { name: 'gstreamer1.0-plugins-base', proof: '/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstapp.so' },
  { name: 'gstreamer1.0-plugins-good', proof: '/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstrtsp.so' },
  { name: 'gstreamer1.0-plugins-bad', proof: '/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstvideoparsersbad.so' },
  { name: 'gstreamer1.0-rtsp', proof: '/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstrtspclientsink.so' },
]

/** Installs what is missing when this is Debian and we are root; else says the one line to run. Tests whose peer is missing skip loudly. */
export function bringPackages(): void {
  const missing = debianPackages.filter(({ proof }) => !existsSync(proof)).map(({ name }) => name)
  if (missing.length === 0) return
  const install = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
    console.warn(`\nMissing test peers: ${missing.join(', ')}. Tests that need them will be skipped. To have them all:\n  sudo ${install}\n`)
    return
  }
  console.log(`Installing test peers: ${missing.join(', ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = (command: string) => spawnSync('sh', ['-c', command], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  if (!run('apt-get update -qq') || !run(`${install} -qq`)) console.warn(`Could not install them; run by hand: ${install}`)
}
