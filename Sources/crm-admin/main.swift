print("crm-admin")
