"""GStreamer's RTSP server on a free port of 127.0.0.1: a real peer for the client's tests.

One argument, JSON: {"mounts": {"/main": "( pipeline with pay0, pay1 )"}, "protocol": "tcp" | "udp", "username": "", "password": "", "algorithm": "md5" | "sha256"}.
Prints the port on one line and serves until its standard input closes.
"""
import json
import sys

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstRtsp', '1.0')
gi.require_version('GstRtspServer', '1.0')
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

options = json.loads(sys.argv[1])
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1')
server.set_service('0')

protocol = GstRtsp.RTSPLowerTrans.TCP if options['protocol'] == 'tcp' else GstRtsp.RTSPLowerTrans.UDP
for path, pipeline in options['mounts'].items():
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(pipeline)
    factory.set_protocols(protocol)
    if options.get('username'):
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role('viewer', 'media.factory.access', True)
        permissions.add_permission_for_role('viewer', 'media.factory.construct', True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(path, factory)

if options.get('username'):
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string('media.factory.role', 'viewer')
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(options['username'], options['password'], token)
    server.set_auth(auth)

server.attach(None)
print(server.get_bound_port(), flush=True)
loop = GLib.MainLoop()
GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_HUP | GLib.IO_ERR | GLib.IO_IN, lambda *_: loop.quit())
loop.run()
