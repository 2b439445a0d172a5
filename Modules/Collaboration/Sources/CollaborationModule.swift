public import CRMSDK

/// Working together: what is to do (tasks), when (events), what was said (comments), what was written (documents), and
/// what belongs together (tags).
///
/// This is the table of contents; each line's meaning is in the file of its name. README.md tells it in prose.
public struct CollaborationModule: CRMModule {
    public init() {}

    public var manifest: ModuleManifest {
        var manifest = ModuleManifest(
            "collaboration", version: "1.0.0", label: "Collaboration",
            summary: "Tasks, events, comments, documents and tags around every record.")
        manifest.publisher = "CRM"
        manifest.entities = [
            WorkItem.definition, Event.definition, CalendarShare.definition, Comment.definition,
            Folder.definition,
            Document.definition, Tag.definition, Tagging.definition,
        ]
        manifest.relations = Event.participants + Document.links + [LeadSuccession.comments]
        manifest.hooks =
            WorkItem.hooks + Event.hooks + CalendarShare.hooks + Comment.hooks + Folder.hooks + Document.hooks
            + Tag.hooks
            + Tagging.hooks + LeadSuccession.hooks
        manifest.actions = [Invitation.action, BusyTimes.action]
        manifest.migrations = Migrations.all
        manifest.fixtures = Folder.fixtures
        return manifest
    }
}
