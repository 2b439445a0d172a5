package import CRMSDK

/// One change that an administrator wants of the schema. A plan is made of any number of them, in order.
package enum SchemaChange: Sendable {
    case createEntity(EntityDefinition)
    case updateEntity(String, EntityPatch)
    case deleteEntity(String)
    case restoreEntity(String)
    case purgeEntity(String)
    case createField(entity: String, FieldDefinition)
    case updateField(FieldName, FieldPatch)
    case renameField(FieldName, to: String)
    case deleteField(FieldName)
    case restoreField(FieldName)
    case purgeField(FieldName)
    case changeType(FieldName, to: FieldType, emptiesUnfit: Bool)
    case picklist(FieldName, PicklistEdit)
    case section(entity: String, SectionEdit)
    case label(LabelTarget, language: String, texts: [String: String?])
}

package struct FieldName: Hashable, Sendable {
    package let entity: String
    package let field: String

    package init(_ entity: String, _ field: String) {
        self.entity = entity
        self.field = field
    }
}

/// What is to change about an entity; nil stays.
package struct EntityPatch: Sendable {
    package var label: String?
    package var pluralLabel: String?
    package var listFields: [String]?
    package var defaultSort: [String]?
    package var indexes: [[String]]?

    package init() {}
}

/// What is to change about a field; nil stays, and what `clear` names becomes nothing.
package struct FieldPatch: Sendable {
    package var label: String?
    package var help: String?
    package var section: String?
    package var defaultText: String?
    package var isMandatory: Bool?
    package var isUnique: Bool?
    package var isIndexed: Bool?
    package var isSearchable: Bool?
    package var isReadOnly: Bool?
    package var maximumLength: Int?
    package var minimum: String?
    package var maximum: String?
    /// Of a field that is computed already.
    package var computed: Computed?
    /// The whole list in its order; a value that it leaves out is retired.
    package var values: [PicklistValue]?
    package var clear: Set<String> = []

    package static let clearable = ["help", "section", "default", "maximum_length", "minimum", "maximum"]

    package init() {}
}

/// A change of a list of values.
package enum PicklistEdit: Sendable {
    /// At the end, or in front of the value named.
    case add([PicklistValue], before: String?)
    /// Label, colour and attributes; nil stays. `setting` changes some attributes beside the others; an empty text
    /// takes one away.
    case update(
        String, label: String?, color: String?, attributes: [String: String]?, setting: [String: String] = [:]
    )
    /// Those named first and in this order.
    case reorder([String])
    case retire(String)
    case restore(String)
    /// Only while no record has it.
    case remove(String)
    /// Gives every record with the one value the other, and takes the first off the list.
    case merge(String, into: String)
}

/// A change of the groups of fields on a form.
package enum SectionEdit: Sendable {
    case create(SectionDefinition, before: String?)
    case update(String, label: String)
    case reorder([String])
    /// Brings fields into a section, in this order, behind those that are there or in front of one of them.
    case move(String, fields: [String], before: String?)
    /// Its fields go to another section; nil: to none.
    case delete(String, into: String?)
}

/// What a label in another language is for.
package enum LabelTarget: Hashable, Sendable {
    case entity(String)
    case field(FieldName)
    case value(FieldName, String)
    case section(String, String)
}
