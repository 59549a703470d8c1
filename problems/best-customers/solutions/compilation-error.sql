SELECT name FORM customers;
