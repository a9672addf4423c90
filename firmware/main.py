"""What MicroPython runs on a chip after boot.py: the charger."""

if __name__ == "__main__":
    try:
        import pack

        pack.mount()
    except ImportError:
        pass  # the modules are files
    import chip

    chip.main()
