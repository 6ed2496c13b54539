/** The little of the browser's canvas that the painter uses; the server's types know no DOM. */

export type Gradient = { addColorStop(offset: number, color: string): void }

export type Canvas2d = {
  fillStyle: string | Gradient
  strokeStyle: string
  lineWidth: number
  lineCap: 'round' | 'butt'
  lineJoin: 'round' | 'miter'
  globalAlpha: number
  globalCompositeOperation: string
  font: string
  beginPath(): void
  moveTo(x: number, y: number): void
  lineTo(x: number, y: number): void
  quadraticCurveTo(cx: number, cy: number, x: number, y: number): void
  arc(x: number, y: number, radius: number, from: number, to: number): void
  ellipse(x: number, y: number, radiusX: number, radiusY: number, turn: number, from: number, to: number): void
  closePath(): void
  fill(): void
  stroke(): void
  save(): void
  restore(): void
  translate(x: number, y: number): void
  scale(x: number, y: number): void
  fillRect(x: number, y: number, width: number, height: number): void
  createLinearGradient(x0: number, y0: number, x1: number, y1: number): Gradient
  createRadialGradient(x0: number, y0: number, r0: number, x1: number, y1: number, r1: number): Gradient
  drawImage(image: unknown, x: number, y: number): void
  getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray }
  putImageData(image: unknown, x: number, y: number): void
  strokeText(text: string, x: number, y: number): void
  fillText(text: string, x: number, y: number): void
}
