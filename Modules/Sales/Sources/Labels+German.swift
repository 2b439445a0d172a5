import CRMSDK

/// Labels in German; fields that every entity shares have theirs from the kernel.
enum GermanLabels {
    static let table = LabelTable(
        "de", lead.merging(mapping) { $1 }.merging(potential) { $1 }.merging(history) { $1 })

    private static let lead: [String: String] = [
        "lead": "Lead", "lead/plural": "Leads", "lead.lead_no": "Leadnummer", "lead.designation": "Position",
        "lead.company": "Firma", "lead.street": "Straße", "lead.city": "Ort", "lead.state": "Bundesland",
        "lead.postal_code": "Postleitzahl", "lead.country": "Land", "lead.po_box": "Postfach",
        "lead.lead_status": "Leadstatus", "lead.lead_status=attempted_to_contact": "Kontaktversuch",
        "lead.lead_status=cold": "Kalt", "lead.lead_status=contact_in_future": "Später ansprechen",
        "lead.lead_status=contacted": "Angesprochen", "lead.lead_status=hot": "Heiß",
        "lead.lead_status=junk_lead": "Unbrauchbar", "lead.lead_status=lost_lead": "Verloren",
        "lead.lead_status=not_contacted": "Nicht angesprochen",
        "lead.lead_status=pre_qualified": "Vorqualifiziert",
        "lead.lead_status=qualified": "Qualifiziert", "lead.lead_status=warm": "Warm",
        "lead.converted": "Umgewandelt", "lead.converted_at": "Umgewandelt am",
        "lead.converted_by": "Umgewandelt von",
        "lead.converted_account": "Firma", "lead.converted_contact": "Kontakt",
        "lead.converted_potential": "Verkaufschance", "lead#Conversion": "Umwandlung",
    ]

    private static let mapping: [String: String] = [
        "lead_mapping": "Leadzuordnung", "lead_mapping/plural": "Leadzuordnungen",
        "lead_mapping.lead_field": "Feld des Leads",
        "lead_mapping.lead_field/help": "Der Name des Feldes, etwa x_region.",
        "lead_mapping.target": "Wird Teil von", "lead_mapping.target=account": "Firma",
        "lead_mapping.target=contact": "Kontakt", "lead_mapping.target=potential": "Verkaufschance",
        "lead_mapping.target_field": "Zielfeld",
        "lead_mapping.target_field/help": "Der Name des Feldes dort.", "lead_mapping.active": "Aktiv",
        "lead_mapping.active/help": "Ausgeschaltet bleibt das Zielfeld leer.",
    ]

    private static let potential: [String: String] = [
        "potential": "Verkaufschance", "potential/plural": "Verkaufschancen",
        "potential.potential_name": "Name der Verkaufschance", "potential.potential_no": "Nummer",
        "potential.related_to": "Bezieht sich auf",
        "potential.related_to/help": "Die Firma, die kaufen würde, oder der Kontakt, wo es keine gibt.",
        "potential.contact/help": "Mit wem zu sprechen ist; weitere werden mit ihrer Rolle verknüpft.",
        "potential.opportunity_type": "Art",
        "potential.opportunity_type=existing_business": "Bestandsgeschäft",
        "potential.opportunity_type=new_business": "Neugeschäft", "potential.next_step": "Nächster Schritt",
        "potential.currency/help": "Leer heißt Hauswährung.", "potential.probability": "Wahrscheinlichkeit",
        "potential.amount_base": "Betrag in Hauswährung",
        "potential.forecast_amount_base": "Gewichteter Betrag in Hauswährung",
        "potential.forecast_amount": "Gewichteter Betrag", "potential.closing_date": "Abschlussdatum",
        "potential.closing_date/help": "Der Tag, an dem der Abschluss erwartet wird.",
        "potential.pipeline": "Vertriebsweg", "potential.pipeline=standard": "Standard",
        "potential.pipeline/help": "Welche Phasen die Verkaufschance durchläuft.",
        "potential.stages_entered": "Durchlaufene Phasen",
        "potential.stages_entered/help":
            "Alle Phasen, in denen sie je stand; daraus werden Übergangsraten gezählt.",
        "potential.sales_stage": "Verkaufsphase", "potential.sales_stage=prospecting": "Anbahnung",
        "potential.sales_stage=qualification": "Qualifizierung",
        "potential.sales_stage=needs_analysis": "Bedarfsanalyse",
        "potential.sales_stage=value_proposition": "Nutzenversprechen",
        "potential.sales_stage=id_decision_makers": "Entscheider finden",
        "potential.sales_stage=perception_analysis": "Einschätzung",
        "potential.sales_stage=proposal_price_quote": "Angebot",
        "potential.sales_stage=negotiation_review": "Verhandlung",
        "potential.sales_stage=closed_won": "Gewonnen",
        "potential.sales_stage=closed_lost": "Verloren", "potential.stage_changed_at": "Phase geändert am",
        "potential.closed_at": "Abgeschlossen am", "potential.loss_reason": "Verlustgrund",
        "potential.loss_reason=price": "Preis", "potential.loss_reason=competitor": "Wettbewerber",
        "potential.loss_reason=no_budget": "Kein Budget",
        "potential.loss_reason=no_decision": "Keine Entscheidung",
        "potential.loss_reason=timing": "Zeitpunkt",
        "potential.loss_reason=product_fit": "Produkt passt nicht",
        "potential.loss_reason=other": "Sonstiger", "potential.loss_note": "Anmerkung zum Verlust",
        "potential.loss_note/help": "Was geschehen ist; nötig beim Grund Sonstiger.",
        "potential.converted_from_lead": "Aus Lead", "potential#Figures": "Zahlen",
        "potential#Stage": "Phase",
        "potential#Outcome": "Ergebnis",
    ]

    private static let history: [String: String] = [
        "stage_history": "Phasenwechsel", "stage_history/plural": "Phasenverlauf",
        "stage_history.potential": "Verkaufschance", "stage_history.from_stage": "Von",
        "stage_history.to_stage": "Nach",
        "stage_history.probability": "Wahrscheinlichkeit", "stage_history.closing_date": "Abschlussdatum",
        "stage_history.seconds_in_from": "Sekunden in der Phase", "stage_history.changed_at": "Gewechselt am",
        "stage_history.changed_by": "Gewechselt von", "stage_history#Move": "Wechsel",
    ]
}
