print("crm-rpc")
