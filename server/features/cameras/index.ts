/** All that others may use of cameras. */
export { type Cameras, createCameras } from './cameras.ts'
export { type Access, type CameraDraft } from './draft.ts'
export { cameraRoutes } from './routes.ts'
export { type CameraEntry, createCameraStore } from './store.ts'
