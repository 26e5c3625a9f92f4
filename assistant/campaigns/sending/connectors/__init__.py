"""What a message leaves through. Every connector is off until the operator's file switches sending on."""
