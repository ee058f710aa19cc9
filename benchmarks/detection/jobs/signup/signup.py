"""Signs the customers of a shop up at QuickBlox when they first open the chat; the same customer has one user."""

import requests

BASE = "https://api.quickblox.com"


class Signup:
    def __init__(self, api_key: str) -> None:
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"ApiKey {api_key}"

    def user_id(self, customer: dict) -> int:
        """The id of the customer's user, which is created at the first time."""
        user = {
            "external_user_id": customer["number"],
            "login": f"customer-{customer['number']}",
            "password": customer["secret"],
            "full_name": customer["name"],
            "email": customer["email"],
            "tag_list": "shop,customer",
        }
        response = self._http.post(f"{BASE}/users.json", json={"user": user}, timeout=10)
        if response.status_code == 422 and "has already been taken" in response.text:
            response = self._http.get(f"{BASE}/users/external/{customer['number']}.json", timeout=10)
        response.raise_for_status()
        return response.json()["user"]["id"]
