import { describe, expect, test } from 'vitest'
import { type Access, initialsOf, maskedUrl, toCameraAccess } from '../../../server/features/cameras/draft.ts'
import type { CameraId } from '../../../server/contract/ids.ts'

const access = (mainUrl: string, username = 'admin'): Access => ({ driver: 'rtsp', mainUrl, subUrl: null, username, password: 'geheim', transport: 'auto' })

describe('R-MAP-4 pinyin initials', () => {
  test.each([
    { name: '澄桥路口-03', initials: 'cqlk-03' },
    { name: '银川市场北门', initials: 'ycscbm' },
    { name: '重庆路 A2 号', initials: 'cql a2 h' },
    { name: '长安街银行', initials: 'cajyh' },
    { name: '', initials: '' },
  ])('$name → $initials', ({ name, initials }) => expect(initialsOf(name)).toBe(initials))
})

describe('R-SEC-5 what is shown of an address', () => {
  test.each([
    { url: 'rtsp://10.1.2.3:554/main?user=admin&password=geheim', shown: 'rtsp://***@10.1.2.3:554' },
    { url: 'rtsp://admin:geheim@10.1.2.3/Streaming/Channels/101', shown: 'rtsp://***@10.1.2.3' },
    { url: 'rtsp://admin:p@ss@10.1.2.3:8554/x', shown: 'rtsp://***@10.1.2.3:8554' },
    { url: 'rtsp://[fe80::1]:554?channel=1', shown: 'rtsp://***@[fe80::1]:554' },
  ])('$shown', ({ url, shown }) => expect(maskedUrl(access(url))).toBe(shown))
  test('no login, no mask', () => expect(maskedUrl(access('rtsp://10.1.2.3/a', ''))).toBe('rtsp://10.1.2.3'))
  test('media gets both addresses as they were put in, or one', () => {
    expect(toCameraAccess('c' as CameraId, access('rtsp://h/x?a=%20'))).toEqual({
      cameraId: 'c',
      main: { driver: 'rtsp', url: 'rtsp://h/x?a=%20', username: 'admin', password: 'geheim', transport: 'auto' },
      sub: undefined,
    })
  })
})
