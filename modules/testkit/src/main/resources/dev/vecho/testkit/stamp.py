"""STAMP, written from RFC 8762 and RFC 8972, with nothing but Python's own modules.

stamp.py reflector JSON   answers until it is killed; prints its port first
stamp.py sender JSON      sends packets, prints what came back as a line of JSON

Options of both: key (text). Of the reflector: stateful, and what it does wrong on purpose: dropForward and dropBackward (numbers of the
packets that it does not take, or numbers and does not send), twiceForward and twiceBackward, swapForward and swapBackward (a packet that
is taken, or sent, after the next), bare (it knows no extensions), synchronised, clockOffset (seconds), hostile (short, hmac, session,
unsent, tlv, leap). Of the sender: port, packets (a list of objects: seq, ssid, tlvs as a list of [type, value in hex], padding in hex,
hex instead of all, wrong, ptp), patience (seconds).
"""
import hashlib
import hmac
import json
import socket
import struct
import sys
import time

EPOCH = 2208988800


def ntp(now):
    return struct.pack('!II', (int(now) + EPOCH) & 0xffffffff, int((now % 1) * 2**32) & 0xffffffff)


def ptp(now):
    return struct.pack('!II', int(now), int((now % 1) * 10**9))


def digest(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()[:16]


def sender_packet(seq, stamp, estimate, ssid, key):
    if key is None:
        return struct.pack('!I8sHH28x', seq, stamp, estimate, ssid)
    head = struct.pack('!I12x8sHH68x', seq, stamp, estimate, ssid)
    return head + digest(key, head)


def reflected(seq, sent, estimate, ssid, received, request, ttl, key):
    if key is None:
        s_seq, s_stamp, s_estimate = struct.unpack_from('!I8sH', request)
        return struct.pack('!I8sHH8sI8sH2xB3x', seq, sent, estimate, ssid, received, s_seq, s_stamp, s_estimate, ttl)
    s_seq, s_stamp, s_estimate = struct.unpack_from('!I12x8sH', request)
    head = struct.pack('!I12x8sHH4x8s8xI12x8sH6xB15x', seq, sent, estimate, ssid, received, s_seq, s_stamp,
                       s_estimate, ttl)
    return head + digest(key, head)


def tlvs(data):
    found = []
    while len(data) >= 4:
        flags, kind, length = struct.unpack_from('!BBH', data)
        found.append([flags, kind, data[4:4 + length]])
        data = data[4 + length:]
    return found


def reflector(options):
    key = options.get('key', '').encode() or None
    base = 44 if key is None else 112
    place = 14 if key is None else 26
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.bind(('127.0.0.1', 0))
    print(sock.getsockname()[1], flush=True)
    sessions = {}
    held_in = []
    held_out = []
    arrived = 0
    while True:
        data, peer = sock.recvfrom(65535)
        number = arrived
        arrived += 1
        if number in options.get('dropForward', []):
            continue
        if number in options.get('swapForward', []):
            held_in.append((data, peer, number))
            continue
        turns = [(data, peer, number)] * (2 if number in options.get('twiceForward', []) else 1)
        for request, source, which in turns + held_in:
            clock = time.time() + options.get('clockOffset', 0)
            ssid = struct.unpack_from('!H', request, place)[0]
            state = sessions.setdefault((source, ssid), [0, None])
            asked = struct.unpack_from('!I', request)[0]
            seq = state[0] if options.get('stateful') else asked
            state[0] += 1
            hostile = options.get('hostile')
            if hostile == 'leap' and which == 2:
                seq += 1 << 30
            bare = options.get('bare')
            estimate = 0x8000 | 0x1501 if options.get('synchronised') else 0x0001
            stamp = ntp(clock)
            answer = reflected(seq, stamp, estimate, 0 if bare else ssid, ntp(clock), request, 64, key)
            rest = b''
            seen = [] if bare else tlvs(request[base:])
            for flags, kind, value in seen:
                known = kind in (1, 7)
                if kind == 7:
                    if options.get('stateful') and state[1]:
                        value = struct.pack('!I8sB3x', state[1][0], state[1][1], 2)
                    else:
                        value = bytes(16)
                if kind == 8 and key:
                    known = True
                    value = digest(key, answer[:4] + rest)
                rest += struct.pack('!BBH', 0 if known else 0x80, kind, len(value)) + value
            state[1] = (seq, stamp)
            if bare:
                rest = bytes(len(request) - base)
            answer += rest
            if hostile and which == 2:
                answer = {
                    'short': answer[:20],
                    'hmac': answer[:100] + b'\1' + answer[101:],
                    'session': answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1:],
                    'unsent': answer[:24] + struct.pack('!I', 77) + answer[28:],
                    'tlv': answer[:base] + b'\0\1\xff\xff' + answer[base + 4:],
                    'leap': answer,
                }[hostile]
            if which in options.get('dropBackward', []):
                continue
            if which in options.get('swapBackward', []):
                held_out.append((answer, source))
                continue
            for one, target in [(answer, source)] * (2 if which in options.get('twiceBackward', []) else 1) + held_out:
                sock.sendto(one, target)
            held_out = []
        held_in = []


def sender(options):
    key = options.get('key', '').encode() or None
    base = 44 if key is None else 112
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('127.0.0.1', 0))
    sock.settimeout(options.get('patience', 5))
    replies = []
    for packet in options['packets']:
        seq = packet.get('seq', 0)
        stamp = ptp(time.time()) if packet.get('ptp') else ntp(time.time())
        if 'hex' in packet:
            data = bytes.fromhex(packet['hex'])
        else:
            data = sender_packet(seq, stamp, 0x4001 if packet.get('ptp') else 0x0001, packet.get('ssid', 0), key)
            rest = b''
            for kind, value in packet.get('tlvs', []):
                value = bytes.fromhex(value)
                if kind == 8 and key and value == b'':
                    value = digest(key, data[:4] + rest)
                rest += struct.pack('!BBH', 0x80, kind, len(value)) + value
            data += rest + bytes.fromhex(packet.get('padding', ''))
        if packet.get('wrong'):
            data = data[:60] + bytes([data[60] ^ 1]) + data[61:]
        before = time.time()
        sock.sendto(data, ('127.0.0.1', options['port']))
        try:
            answer = sock.recv(65535)
        except socket.timeout:
            replies.append(None)
            continue
        after = time.time()
        reply = {'size': len(answer), 'asked': len(data)}
        if len(answer) >= base:
            layout = '!I8sHH8sI8sH2xB3x' if key is None else '!I12x8sHH4x8s8xI12x8sH6xB15x'
            fields = struct.unpack_from(layout, answer)
            reply.update(seq=fields[0], estimate=fields[2], ssid=fields[3], senderSeq=fields[5],
                         copied=fields[6] == stamp and fields[7] == struct.unpack_from('!H', data, base // 112 * 12 + 12)[0],
                         ttl=fields[8])
            scale = 10**9 if packet.get('ptp') else 2**32
            zero = 0 if packet.get('ptp') else EPOCH
            times = [seconds - zero + fraction / scale
                     for seconds, fraction in (struct.unpack('!II', fields[4]), struct.unpack('!II', fields[1]))]
            reply['ordered'] = before - 0.001 <= times[0] <= times[1] <= after + 0.001
            zeros = bytearray(answer[:base])
            for start, end in ([(0, 16), (16, 41)] if key is None else [(0, 4), (16, 28), (32, 40), (48, 52), (64, 74),
                                                                        (80, 81), (96, 112)]):
                zeros[start:end] = bytes(end - start)
            reply['zeros'] = not any(zeros)
            if key:
                reply['hmac'] = answer[96:112] == digest(key, answer[:96])
            rest = answer[base:]
            reply['tlvs'] = [[flags, kind, value.hex()] for flags, kind, value in tlvs(rest)]
            last = reply['tlvs'] and reply['tlvs'][-1]
            if key and last and last[1] == 8:
                reply['tlvHmac'] = bytes.fromhex(last[2]) == digest(key, answer[:4] + rest[:-20])
        reply['hex'] = answer.hex()
        replies.append(reply)
    print(json.dumps(replies), flush=True)


{'reflector': reflector, 'sender': sender}[sys.argv[1]](json.loads(sys.argv[2]))
