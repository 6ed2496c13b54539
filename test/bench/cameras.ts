/** The bench's cameras, in a process of their own so that their cost is nobody else's. Argument: JSON `{ count, file, kbps }`. */
import { createSimulator } from '../../server/demo/simulator.ts'

const { count, file, kbps } = JSON.parse(process.argv[2]!) as { count: number; file: string; kbps: number }
const simulator = await createSimulator({
  cameras: Array.from({ length: count }, (_, i) => ({
    cameraId: `bench-${i}`,
    clip: 'road-day' as const,
    mainCodec: 'h264' as const,
    sound: 'none' as const,
    username: '',
    password: '',
    hasParameterSetsInSdp: true,
    switchName: null,
    file: { file, codec: 'h264' as const, fps: 25, padToKbps: kbps },
  })),
})
process.send!({ type: 'ready', cameras: simulator.cameras })
process.on('message', (request) => {
  if (request === 'totals') process.send!({ type: 'totals', ...simulator.totals() })
})
process.on('disconnect', () => process.exit(0))
