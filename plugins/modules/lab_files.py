#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_files
short_description: Puts files and folders of a service in place
version_added: 1.0.0
author:
  - the monitor_lab contributors (@devsecops)
description:
  - Sends all contents at once, and is one module for all files; one for each would cost more than all else that a
    service's role does.
  - A file is replaced at once, by one that nobody else could read before. Where its owner or its mode alone differs, it
    is not written anew.
  - Contents are in no argument of a module, and so in no log of the host. Of secrets no content is shown.
  - Links are not followed. A new file inherits its type in SELinux from its folder.
options:
  files:
    description: The files and folders, each folder before what lies in it.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Where it lies on the host, from the root.
        type: str
        required: true
      state:
        description: What it is. Of a V(directory), the folders that it lies in are made, too, with its owner and mode.
        type: str
        choices: [file, directory]
        default: file
      content:
        description: What is in the file. It or O(files[].src) is needed of each.
        type: str
      src:
        description: File on the controller which has what is in it, from the root.
        type: path
      owner:
        description: Number of its owner.
        type: int
        default: 0
      group:
        description: Number of its group.
        type: int
        default: 0
      mode:
        description: Its mode, in octal digits. V("0755") for a folder and V("0644") for a file where nothing is said.
        type: str
      secret:
        description: Whether nothing of its content may be shown.
        type: bool
        default: false
      whole:
        description: Whether what else was seen in the folder is removed.
        type: bool
        default: false
      wanted:
        description: Whether it is to be there. What is not wanted is as if it were not named.
        type: bool
        default: true
      validate:
        description:
          - A command that ends with 0 where the new content is right, with C(%s) for the path of a file which has it.
            It is not run in a shell, and not in check mode.
          - All are asked before anything is changed.
        type: str
  seen:
    description:
      - What the host has, by path, as M(devsecops.monitor_lab.lab_host_info) returns it. What is as wanted by it is not
        sent; where nothing is left, no module runs.
      - What is of another kind than wanted by it is removed.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: full
  idempotent:
    description: A second run with the same arguments indicates no change.
    support: full
"""

EXAMPLES = r"""
- name: Look at the host
  devsecops.monitor_lab.lab_host_info:
    paths: [/etc/service]
  register: host

- name: Configure the service
  devsecops.monitor_lab.lab_files:
    files:
      - path: /etc/service
        state: directory
        whole: true
      - path: /etc/service/service.yml
        content: |
          listen: 127.0.0.1
        validate: service --check-config %s
      - path: /etc/service/token
        src: /home/me/token
        owner: 10003
        mode: "0400"
        secret: true
    seen: "{{ host.files }}"
  become: true
"""

RETURN = r"""
changed_files:
  description: The files whose content, owner or mode was changed.
  type: list
  elements: path
  returned: success
  sample: [/etc/service/service.yml, /etc/service/token]
changed_folders:
  description: The folders that were made, or whose owner or mode was changed.
  type: list
  elements: path
  returned: success
  sample: [/etc/service]
removed:
  description: What was removed. What lay below such a path went with it, and is not told.
  type: list
  elements: path
  returned: success
  sample: [/etc/service/service.yml.orig]
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.devsecops.monitor_lab.plugins.module_utils._lab import files


def main() -> None:
    # What is removed, and where the contents lie, the action plugin of this name adds. No task has an option for it.
    module = AnsibleModule(argument_spec=files.ARGUMENTS, supports_check_mode=True)

    def run(command: str) -> tuple[int, str]:
        code, output, errors = module.run_command(command)
        return code, f"{output}\n{errors}"

    try:
        wanted = files.wanted_files(module.params["files"], files.unpack(module.params["archive"]))
        removed = [path for path in module.params["absent"] if os.path.lexists(path)]
        due = files.changes(wanted, removed)
        if not module.check_mode:
            files.validate(due, module.tmpdir, run)
            files.put_in_place(removed, due)
    except files.FilesError as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=bool(removed or due),
        changed_files=[change.wanted.path for change in due if change.wanted.content is not None],
        changed_folders=[change.wanted.path for change in due if change.wanted.content is None],
        removed=removed,
        **({"diff": files.diff(removed, due)} if module._diff else {}),
    )


if __name__ == "__main__":
    main()
