/** Why an RTSP session ended. Travels as an exception inside `rtsp/` only; its user gets `failure` as data. */
import type { FailureCause } from '../../contract/status.ts'
import type { RtspResponse } from './message.ts'

export class RtspFailure extends Error {
  override name = 'RtspFailure'
  readonly failure: { cause: FailureCause; detail: string }

  constructor(cause: FailureCause, detail: string) {
    super(`${cause}: ${detail}`)
    this.failure = { cause, detail }
  }
}

/** What a refusal means for the operator. The reason phrase is the camera's own text: its first words only, because some repeat the address, and with it a password. */
export function failureOfResponse(method: string, response: RtspResponse): RtspFailure {
  const words = response.reason.replace(/[^\x20-\x7e]/g, '').split(/\S*[/?=&@"]|\b(?:basic|digest)\b/i)[0]!
  const reason = words.slice(0, 60).trim()
  return new RtspFailure(causeOfStatus(response.status, reason), `${method}: RTSP ${response.status} ${reason}`.trim())
}

function causeOfStatus(status: number, reason: string): FailureCause {
  switch (status) {
    case 401:
    case 403:
      return 'refused_login'
    case 404:
    case 410:
      return 'no_such_stream'
    case 415:
      return 'codec_not_supported'
    case 453: // Not Enough Bandwidth
    case 503:
      return 'stream_limit'
    case 500:
      return /bandwidth|limit|max|busy|resource/i.test(reason) ? 'stream_limit' : 'protocol_error'
    default:
      return 'protocol_error'
  }
}
