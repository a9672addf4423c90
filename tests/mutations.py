"""The mutations of `test_mutations.py`: name -> (file below lib/ocpp, ((text, what takes its
place), ...), the case in tests/unit that must fail)."""

_POWER = "test_txlog_power::test_cuts_"

_PROMOTE = """\
    if keep:
        promote(log, b"".join(keep))
        log.promoted = max(newest, log.promoted)
    elif not log.at[0]:
        log.at = (0, 0)
"""
_REPLACE = """\
    tail = b"".join(tail)
    try:
        records.replace(log.path(0), tail, log.at_once)
        log.tail_bytes = len(tail)
    except OSError:
        if not large:  # else all is safe, and what is left in the tail is not new
            raise
"""
_FOLLOW = """\
            chain.follow(kind, fields[1], n, stamp, data)
"""
_HELD = """\
            while self.held:
                self._add(records.pack(self.held[0]))
                self.held.pop(0)
"""
_CARRY = """\
    if raw:
        txtail.promote(log, raw)
"""
_FORGET = """\
    txtail.forget(log, number)
"""
_MARK = """\
    if not log.write(txfiles.RESENT, None, [0, {}]):
        return
"""

MUTATIONS = {
    # -- checksums --
    "record checksum": (
        "records.py",
        ((" or binascii.crc32(body, size) != crc:", ":"),),
        "test_txlog::test_damage_bit_flips",
    ),
    "state file checksum": (
        "statefiles.py",
        (("        if header == _header(name, body):\n", "        if header[:5] == _MARK:\n"),),
        "test_store::test_damage_any_bit",
    ),
    "label of a file": (
        "txboot.py",
        (("    elif label[2] != number:\n", "    elif False:\n"),),
        "test_txlog::test_damage_files_exchanged",
    ),
    # -- what must be on flash --
    "checkpoint": (
        "txlog.py",
        (
            (
                "        return self.put(fields, pack(fields))\n\n    def retry",
                "        return True\n\n    def retry",
            ),
        ),
        _POWER + "in_a_card_session",
    ),
    "register in a new tail": (
        "txtail.py",
        (("        tail.append(records.pack(log.check(key, chain)))\n", "        pass\n"),),
        _POWER + "while_parking_and_resending",
    ),
    "newest stamp in a new tail": (
        "txtail.py",
        (("    if running and all(", "    if False and all("),),
        _POWER + "while_one_car_is_paused",
    ),
    "state of resending in a new tail": (
        "txtail.py",
        (("    if log.resending:\n", "    if False:\n"),),
        _POWER + "while_parking_and_resending",
    ),
    "answer of a start": (
        "txdelivery.py",
        (("    log.write(kind, key, [csms_id, info, chain.connector])\n", "    pass\n"),),
        _POWER + "in_a_card_session",
    ),
    "end of a transaction": (
        "txdelivery.py",
        (("        log.write(txfiles.CLOSED, key, None)\n", "        pass\n"),),
        _POWER + "in_a_card_session",
    ),
    "answer of an event": (
        "txdelivery.py",
        (("        if kind == EVENT or parked or log.lazy >= _LAZY:\n", "        if False:\n"),),
        "test_txlog::test_events_keep_their_place",
    ),
    "delivered end of an old start": (
        "txtail.py",
        (("            keep += ended + [raw]\n", "            keep += [raw]\n"),),
        "test_found_by_soak::test_a_delivered_end_stays_delivered",
    ),
    "date of a boot": (
        "txlog.py",
        (("                self.write(txfiles.ANCHOR, None, found)\n", "                pass\n"),),
        _POWER + "while_the_time_is_not_known",
    ),
    "state of resending": (
        "txparked.py",
        (("        self.log.write(txfiles.RESENT, None, self.state())\n", "        pass\n"),),
        _POWER + "while_parking_and_resending",
    ),
    "previous version": (
        "statefiles.py",
        (('        os.rename(path, path + ".bak")\n', "        os.remove(path)\n"),),
        "test_store::test_power_cut_at_every_operation",
    ),
    "boot number above all in the log": (
        "statefiles.py",
        (("    number = max(last + (2 if lost else 1), floor + 1)\n", "    number = last + 1\n"),),
        "test_store::test_boot_numbers_never_repeat",
    ),
    # -- in which order --
    "segment before tail": (
        "txtail.py",
        ((_PROMOTE + _REPLACE, _REPLACE + _PROMOTE),),
        _POWER + "in_a_card_session",
    ),
    "register before record": (
        "txlog.py",
        (
            (
                "        if chain:  # before it is written: a new tail tells the newest register\n"
                + _FOLLOW,
                "",
            ),
            (
                "        return self._append(fields, raw, chain)\n",
                "        seq = self._append(fields, raw, chain)\n        if chain:\n"
                + _FOLLOW
                + "        return seq\n",
            ),
        ),
        _POWER + "with_large_records",
    ),
    "held back before new": (
        "txfiles.py",
        (
            (_HELD, ""),
            (
                "            self._add(raw)\n        except",
                "            self._add(raw)\n" + _HELD + "        except",
            ),
        ),
        "test_txlog::test_flash_full",
    ),
    "carry over before deleting": (
        "txcompact.py",
        ((_CARRY + _FORGET, _FORGET + _CARRY),),
        _POWER + "during_compaction",
    ),
    "new segment before the old is gone": (
        "txcompact.py",
        (
            (
                "    os.rename(new, log.path(target))\n",
                "    os.remove(log.path(target))\n    os.rename(new, log.path(target))\n",
            ),
        ),
        _POWER + "while_thinning_out",
    ),
    "new file before the old is gone": (
        "records.py",
        (
            ('    new = path if at_once else path + ".new"\n', "    new = path\n"),
            ("    if not at_once:\n", "    if False:\n"),
        ),
        _POWER + "where_a_file_is_replaced_by_renaming",
    ),
    "mark before resending": (
        "txparked.py",
        ((_MARK, ""),),
        _POWER + "while_parking_and_resending",
    ),
    "no undelivered record behind younger ones": (
        "txcompact.py",
        (
            (
                "    kind, seq, _, key = fields[:4]\n    if kind <= _EVENT",
                "    return True\n    if kind <= _EVENT",
            ),
        ),
        _POWER + "during_compaction",
    ),
    "no start behind its end": (
        "txcompact.py",
        (("        if key in log.chains and log.chains[key].end_seq:\n", "        if False:\n"),),
        "test_txlog::test_compaction_does_not_put_a_start_behind_its_end",
    ),
    # -- what is read --
    "repeated records": (
        "txboot.py",
        ((" and seq >= log.cursor and seq > newest:", " and seq >= log.cursor:"),),
        _POWER + "offline_then_online",
    ),
    "cursor": (
        "txboot.py",
        (("            log.cursor = max(log.cursor, found)\n", ""),),
        _POWER + "in_a_card_session",
    ),
    "newest stamp": (
        "txboot.py",
        ((" and _is_newer(log, kind, stamp):", ":"),),
        _POWER + "while_one_car_is_paused",
    ),
    "stamps of a transaction": (
        "txlog.py",
        (("            if last is not None and last > stamp:\n", "            if False:\n"),),
        "test_txlog::test_clock_set_back_keeps_order",
    ),
    "stamps of the past": (
        "txlog.py",
        (
            (
                "        if given is None or latest is None or given < latest:\n",
                "        if False:\n",
            ),
        ),
        "test_txlog::test_two_ends_after_a_cut_are_in_order",
    ),
    "no message without a date": (
        "txdelivery.py",
        (("    if log.stamp_unix(fields[5]) is None:\n", "    if False:\n"),),
        "test_txlog::test_time_learnt_later",
    ),
    "dates after what was told": (
        "txtime.py",
        (("            boot[1] = max(boot[1], boot[3], end)\n", "            pass\n"),),
        "test_txlog::test_clock_set_back_while_it_was_not_known",
    ),
    # -- what is parked --
    "stop waits for its start": (
        "txdelivery.py",
        (("    elif chain and chain.parked:\n", "    elif False:\n"),),
        _POWER + "while_parking_and_resending",
    ),
    "parked before the power went": (
        "txdelivery.py",
        (("    if fields[1] <= log.parked_newest:\n", "    if False:\n"),),
        _POWER + "while_parking_and_resending",
    ),
}
