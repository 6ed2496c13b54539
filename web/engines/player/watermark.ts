/** Who looks and when, over every picture: 8 % white, rising by 18°, so that a photograph of the screen says where it came from. */
const stepXPx = 210
const stepYPx = 120
const angleDeg = -18
const opacity = 0.08

/** `D-017 1122-1942`: account and time to the minute. */
export function watermarkText(account: string, at: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${account} ${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}`
}

/** The same pattern as a CSS background. */
export function watermarkUrl(text: string, scale = 1): string {
  const widthPx = stepXPx * scale
  const heightPx = stepYPx * scale
  const safe = text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}">` +
    `<text x="${10 * scale}" y="${70 * scale}" transform="rotate(${angleDeg} ${100 * scale} ${60 * scale})" fill="white" fill-opacity="${opacity}" font-size="${13 * scale}" font-family="sans-serif">${safe}</text></svg>`
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}")`
}

/** The pattern drawn into a still; denser on a larger picture, so that a crop still holds one. `ink` for what is lighter than a camera's picture. */
export function drawWatermark(
  context: CanvasRenderingContext2D,
  widthPx: number,
  heightPx: number,
  text: string,
  fontFamily: string,
  ink = `rgba(255, 255, 255, ${opacity})`,
) {
  const scale = Math.max(1, widthPx / 960)
  context.save()
  context.fillStyle = ink
  context.font = `${13 * scale}px ${fontFamily}`
  for (let y = 0; y < heightPx; y += stepYPx * scale) {
    for (let x = 0; x < widthPx; x += stepXPx * scale) {
      context.save()
      context.translate(x + 100 * scale, y + 60 * scale)
      context.rotate((angleDeg * Math.PI) / 180)
      context.fillText(text, -90 * scale, 10 * scale)
      context.restore()
    }
  }
  context.restore()
}
