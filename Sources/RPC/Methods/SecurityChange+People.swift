import CRMSDK
import JSON
import Records
import Security

/// Profiles, roles and groups: abilities, and who has them.
extension SecurityChange {
    private static let flags: [Parameter] = [
        Parameter("view_all", .boolean, "Reads every record of every entity."),
        Parameter(
            "edit_all", .boolean, "Reads and edits every record of every entity; neither creates nor deletes."
        ),
    ]

    static let profiles: [SecurityChange] = [
        SecurityChange(
            "profile.create", "Makes a profile.", "What its rights do not name is refused.",
            [name, details] + flags + [
                Parameter("rights", .list(of: .object(right)), "Its matrix."),
                Parameter(
                    "copy_of", .id(of: "profile"),
                    "The profile that it begins with: flags, rights and fields; what is given beside it wins."
                ),
            ]
        ) { arguments throws(CRMError) in
            let values = arguments.values(
                ["name": "profile_name", "description": "description"], flags: ["view_all", "edit_all"])
            var rights: [SecurityAdministration.Right] = []
            if let node = arguments["rights"] {
                for element in node.elements { rights.append(try Arguments(element).right) }
            }
            let (all, original) = (rights, arguments.idIfGiven("copy_of"))
            return { administration throws(CRMError) in
                try administration.createProfile(values, all, copyOf: original)
            }
        },
        SecurityChange(
            "profile.update", "Changes a profile's name and flags.", "What is not given stays.",
            [id("profile"), newName, details] + flags
        ) { arguments throws(CRMError) in
            let id = try arguments.id()
            let values = arguments.values(
                ["name": "profile_name", "description": "description"], flags: ["view_all", "edit_all"])
            return { administration throws(CRMError) in try administration.updateProfile(id, values) }
        },
        SecurityChange(
            "profile.set_right", "Says what a profile permits with an entity.", "", [id("profile")] + right
        ) { arguments throws(CRMError) in
            let (id, right) = (try arguments.id(), try arguments.right)
            return { administration throws(CRMError) in try administration.setRight(id, right) }
        },
        SecurityChange(
            "profile.grant", "Adds verbs to what a profile permits with an entity.",
            "The entity is there for its people from then on. What the profile permits already stays.",
            [id("profile"), entityOrAll, verbs],
            example: .init(
                parameters:
                    #"{"id": 6, "entity": "account", "verbs": ["view", "edit"]}"#,
                result:
                    #"{"id": 653, "warnings": []}"#)
        ) { arguments throws(CRMError) in
            let (id, entity, verbs) = (try arguments.id(), try arguments.text("entity"), arguments.verbs)
            return { administration throws(CRMError) in
                try administration.grant(verbs, on: entity, to: id)
            }
        },
        SecurityChange(
            "profile.revoke", "Takes verbs from what a profile permits with an entity.",
            "Without verbs the entity itself: it is no longer there for its people.",
            [id("profile"), entityOrAll, verbs]
        ) { arguments throws(CRMError) in
            let (id, entity, verbs) = (try arguments.id(), try arguments.text("entity"), arguments.verbs)
            return { administration throws(CRMError) in
                try administration.revoke(verbs, on: entity, from: id)
            }
        },
        SecurityChange(
            "profile.remove_right", "Takes back what a profile says of an entity.",
            "Then its right to * holds, if it has one.", [id("profile"), entity]
        ) { arguments throws(CRMError) in
            let (id, entity) = (try arguments.id(), try arguments.text("entity"))
            return { administration throws(CRMError) in
                try administration.removeRight(id, entity: entity)
            }
        },
        SecurityChange(
            "profile.delete", "Deletes a profile.", "A profile that roles have needs a replacement.",
            [id("profile"), replacement("profile", required: false)]
        ) { arguments throws(CRMError) in
            let (id, replacement) = (try arguments.id(), arguments.idIfGiven("replacement"))
            return { administration throws(CRMError) in
                try administration.deleteProfile(id, replacement: replacement)
            }
        },
    ]

    static let roles: [SecurityChange] = [
        SecurityChange(
            "role.create", "Makes a role.", "Without a profile it has the system's default.",
            [
                name, id("role", "reports_to"),
                Parameter("profiles", .list(of: .id(of: "profile")), "What its people may do: the union."),
            ],
            example: .init(
                parameters:
                    #"{"name": "Sales North", "reports_to": 1, "profiles": [6]}"#,
                result:
                    #"{"id": 651, "warnings": []}"#)
        ) { arguments throws(CRMError) in
            let (name, parent) = (try arguments.text("name"), try arguments.id("reports_to"))
            let profiles = arguments.ids("profiles") ?? []
            return { administration throws(CRMError) in
                try administration.createRole(name, reportsTo: parent, profiles: profiles)
            }
        },
        SecurityChange(
            "role.update", "Changes a role's name, place or profiles.", "What is not given stays.",
            [
                id("role"), newName, Parameter("reports_to", .id(of: "role"), "The role above it."),
                Parameter("profiles", .list(of: .id(of: "profile")), "All of them."),
            ]
        ) { arguments throws(CRMError) in
            let id = try arguments.id()
            var values = arguments.values(["name": "role_name"])
            if let parent = arguments.idIfGiven("reports_to") { values["parent_role"] = .reference(parent) }
            let (changed, profiles) = (values, arguments.ids("profiles"))
            return { administration throws(CRMError) in
                try administration.updateRole(id, changed, profiles: profiles)
            }
        },
        SecurityChange(
            "role.delete", "Deletes a role.",
            "Its users and its places in groups and rules go to the replacement, the roles below it to its parent.",
            [id("role"), replacement("role")]
        ) { arguments throws(CRMError) in
            let (id, replacement) = (try arguments.id(), try arguments.id("replacement"))
            return { administration throws(CRMError) in
                try administration.deleteRole(id, replacement: replacement)
            }
        },
        SecurityChange(
            "user.set_role", "Gives a user another role.", "", [id("user"), id("role", "role")]
        ) { arguments throws(CRMError) in
            let (id, role) = (try arguments.id(), try arguments.id("role"))
            return { administration throws(CRMError) in try administration.setRole(of: id, role) }
        },
    ]

    static let groups: [SecurityChange] = [
        SecurityChange(
            "group.create", "Makes a group.", "",
            [name, details, Parameter("members", .list(of: member), "Who is in it.")],
            example: .init(
                parameters:
                    #"{"name": "Key accounts", "members": [{"kind": "role_and_subordinates", "id": 651}]}"#,
                result:
                    #"{"id": 655, "warnings": []}"#)
        ) { arguments throws(CRMError) in
            let (name, details) = (try arguments.text("name"), arguments.textIfGiven("description"))
            let members = try arguments.members("members")
            return { administration throws(CRMError) in
                try administration.createGroup(name, description: details, members: members)
            }
        },
        SecurityChange(
            "group.update", "Changes a group's name and description.", "What is not given stays.",
            [id("group"), newName, details]
        ) { arguments throws(CRMError) in
            let id = try arguments.id()
            let values = arguments.values(["name": "group_name", "description": "description"])
            return { administration throws(CRMError) in try administration.updateGroup(id, values) }
        },
        SecurityChange(
            "group.add_member", "Puts somebody into a group.", "Does nothing for those who are in it.",
            [id("group"), Parameter("member", member, "Who.", required: true)]
        ) { arguments throws(CRMError) in
            let (id, member) = (try arguments.id(), try arguments.member("member"))
            return { administration throws(CRMError) in try administration.addMember(member, to: id) }
        },
        SecurityChange(
            "group.remove_member", "Takes somebody out of a group.", "",
            [id("group"), Parameter("member", member, "Who.", required: true)]
        ) { arguments throws(CRMError) in
            let (id, member) = (try arguments.id(), try arguments.member("member"))
            return { administration throws(CRMError) in try administration.removeMember(member, from: id) }
        },
        SecurityChange(
            "group.delete", "Deletes a group.",
            "Its records go to the replacement, a user or a group; its places in groups and rules need a group.",
            [id("group"), replacement("user or group")]
        ) { arguments throws(CRMError) in
            let (id, replacement) = (try arguments.id(), try arguments.id("replacement"))
            return { administration throws(CRMError) in
                try administration.deleteGroup(id, replacement: replacement)
            }
        },
    ]
}
