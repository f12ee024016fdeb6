module example.com/lunch

go 1.24
