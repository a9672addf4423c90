"""What MicroPython runs on a chip after boot.py: the charger."""

if __name__ == "__main__":
    try:
        import pack
    except ImportError:
        pass  # the modules are files, or frozen
    else:
        try:
            pack.mount()
        except OSError:
            pass  # there is no pack: the same
    import chip

    chip.main()
