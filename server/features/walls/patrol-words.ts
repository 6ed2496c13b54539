/** The words of the patrol log's table, as the page writes them (`web/features/wall`, `web/words`; a test holds them equal). */
import type { FailureCause } from '../../contract/status.ts'
import type { PatrolOutcome, PatrolTableLocale } from '../../contract/walls.ts'

export type PatrolWords = {
  file: string
  columns: readonly [from: string, to: string, camera: string, cameraId: string, rotation: string, tile: string, result: string, fresh: string, account: string]
  outcome: Record<PatrolOutcome, string>
  cause: Record<FailureCause, string>
}

export const patrolWords: Record<PatrolTableLocale, PatrolWords> = {
  zh: {
    file: '巡查记录',
    columns: ['开始', '结束', '点位', '国标编码', '轮巡', '格', '结果', '实时画面秒数', '账号'],
    outcome: { shown: '实时画面', stillOnly: '仅末帧', skipped: '跳过' },
    cause: {
      unreachable: '连不上',
      refused_login: '密码被拒',
      no_such_stream: '没有这路视频流',
      codec_not_supported: '编码不支持',
      silent: '连得上，无视频流',
      stream_limit: '相机取流已满',
      protocol_error: '相机应答不合标准',
      frozen: '画面停住',
      black: '画面全黑',
      packet_loss: '丢包',
      no_permission: '没有该点位的查看权限',
      viewer_limit: '同时观看已满',
      transcode_limit: '转码位已满',
      transcoder_missing: '服务器未装转码程序',
      too_slow: '本机线路跟不上',
      media_unavailable: '媒体服务不在',
      own_uplink: '我方线路中断',
      not_probed_yet: '刚启动，尚未探测',
    },
  },
  en: {
    file: 'patrol-log',
    columns: ['From', 'To', 'Camera', 'GB id', 'Rotation', 'Tile', 'Result', 'Seconds live', 'Account'],
    outcome: { shown: 'Live picture', stillOnly: 'Last picture only', skipped: 'Skipped' },
    cause: {
      unreachable: 'Unreachable',
      refused_login: 'Password refused',
      no_such_stream: 'No such stream',
      codec_not_supported: 'Codec not supported',
      silent: 'Connected, no video',
      stream_limit: 'No stream left',
      protocol_error: 'Breaks the standard',
      frozen: 'Picture frozen',
      black: 'Picture black',
      packet_loss: 'Packet loss',
      no_permission: 'No right to see this camera',
      viewer_limit: 'Too many viewers',
      transcode_limit: 'All transcoders busy',
      transcoder_missing: 'No transcoder on the server',
      too_slow: 'This line is too slow',
      media_unavailable: 'Media service away',
      own_uplink: 'Our own line is cut',
      not_probed_yet: 'Just started, not probed yet',
    },
  },
}
