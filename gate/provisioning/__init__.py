"""From one site.toml to the files of a gate's card: boot, system and gate.toml.

`site_file` reads, `boot_files` and `system_files` give texts, `plan` puts them in order, `card`
looks at the card and `writing` changes it.
"""
