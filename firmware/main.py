"""What MicroPython runs on a chip after boot.py: the charger."""

if __name__ == "__main__":
    try:
        import pack
    except ImportError:
        pass  # the modules are files
    else:
        pack.mount()
    import chip

    chip.main()
