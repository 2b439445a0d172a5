print("crm-kernel")
